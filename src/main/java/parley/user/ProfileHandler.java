package parley.user;

import java.util.Objects;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EffectFactories;
import parley.model.Profile;

/** Creates a user, and changes and announces its profile. */
final class ProfileHandler {
  private final UserLive live;
  private final EffectFactories<UserEvent, UserState> effects;

  ProfileHandler(UserLive live, EffectFactories<UserEvent, UserState> effects) {
    this.live = live;
    this.effects = effects;
  }

  private User.Found found(UserState state) {
    return new User.Found(Objects.requireNonNull(state.profile()), state.banRefusal(live.now()));
  }

  Effect<UserEvent, UserState> get(UserState state, User.GetProfile c) {
    return effects.reply(c.replyTo(), found(state));
  }

  Effect<UserEvent, UserState> ensure(UserState state, User.Ensure c) {
    if (state.profile() != null) {
      return effects.reply(c.replyTo(), found(state));
    }
    return effects
        .persist(new UserEvent.Created(c.username(), c.displayName(), live.now()))
        .thenRun(after -> c.replyTo().tell(found(after)));
  }

  Effect<UserEvent, UserState> changeProfile(UserState state, User.ChangeProfile c) {
    Profile was = found(state).profile();
    String name = c.displayName() == null ? was.displayName() : c.displayName();
    String given = c.avatarUrl() == null ? was.avatarUrl() : c.avatarUrl();
    String avatar = given == null || given.isEmpty() ? null : given;
    if (name.equals(was.displayName()) && Objects.equals(avatar, was.avatarUrl())) {
      return effects.reply(c.replyTo(), found(state));
    }
    return effects
        .persist(new UserEvent.ProfileChanged(name, avatar, state.revision() + 1))
        .thenRun(
            after -> {
              c.replyTo().tell(found(after));
              live.announce(after, live.now());
            });
  }

  Effect<UserEvent, UserState> sendNotices(UserState state) {
    if (live.sendNotices(state, live.now())) {
      return effects
          .persist(new UserEvent.ProfileAnnounced(state.revision()))
          .thenRun(after -> live.scheduleNotices(after, live.now()));
    }
    return effects.none();
  }
}
