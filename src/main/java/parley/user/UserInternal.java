package parley.user;

/**
 * What a user tells itself: timers, ends of sessions, passivation. Its parts are added where they
 * are handled.
 */
non-sealed interface UserInternal extends User.Command {}
