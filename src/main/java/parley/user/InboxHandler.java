package parley.user;

import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EffectFactories;
import parley.model.ConversationId;
import parley.model.ErrorCode;
import parley.model.InboxPage;
import parley.model.Refusal;

/** The inbox as its owner reads and arranges it, and the groups that its owner begins. */
final class InboxHandler {
  private final UserLive live;
  private final EffectFactories<UserEvent, UserState> effects;

  InboxHandler(UserLive live, EffectFactories<UserEvent, UserState> effects) {
    this.live = live;
    this.effects = effects;
  }

  Effect<UserEvent, UserState> getInbox(User.GetInbox c) {
    if (live.staleRows.mustWait(c)) {
      return effects.none();
    }
    InboxPage page = InboxPages.page(live.unsavedChanges.rows(), c.limit(), c.cursor());
    return effects.reply(
        c.replyTo(),
        page == null
            ? new User.Refused(
                Refusal.of(
                    ErrorCode.BAD_REQUEST,
                    "cursor: not from an inbox page; leave it out to start at the top"))
            : new User.Inbox(page));
  }

  Effect<UserEvent, UserState> setRowFlags(UserState state, User.SetRowFlags c) {
    if (live.staleRows.isAsking(c.conversationId()) && live.staleRows.mustWait(c)) {
      return effects.none();
    }
    if (!(live.unsavedChanges.get(c.conversationId()) instanceof VisibleRow visibleRow)) {
      return effects.reply(c.replyTo(), new User.Refused(Refusal.notFound()));
    }
    VisibleRow changed = visibleRow.withFlags(c.muted(), c.pinned(), c.archived());
    if (changed.equals(visibleRow)) {
      return effects.reply(c.replyTo(), new User.Done());
    }
    live.unsavedChanges.put(changed);
    UserEvent.Flushed event = live.eventOf(state, c.conversationId(), live.now());
    return effects
        .persist(event)
        .thenRun(
            after -> {
              c.replyTo().tell(new User.Done());
              live.rowChanged(changed.toInboxRow());
              live.settle(after, event, live.now());
            });
  }

  Effect<UserEvent, UserState> typing(User.Typing c) {
    if (live.unsavedChanges.get(c.conversationId()) instanceof VisibleRow) {
      live.liveSessions.tellAllUnnumbered(
          new Delivery.TypingSeen(c.conversationId(), c.from(), c.active()));
    }
    return effects.none();
  }

  Effect<UserEvent, UserState> beginGroup(UserState state, User.BeginGroup c) {
    long now = live.now();
    Refusal banned = state.banRefusal(now);
    if (banned != null) {
      return effects.reply(c.replyTo(), new User.Refused(banned));
    }
    String ref = c.clientRef();
    ConversationId known = ref == null ? null : state.groups().find(ref, now);
    if (known != null) {
      return effects.reply(c.replyTo(), new User.GroupBegun(known));
    }
    if (c.retryAfterMillis() > 0) {
      return effects.reply(
          c.replyTo(),
          new User.Refused(Refusal.rateLimited("too many messages", c.retryAfterMillis())));
    }
    long wait = state.groups().retryAfter(c.perDay(), now);
    if (wait > 0) {
      return effects.reply(
          c.replyTo(), new User.Refused(Refusal.rateLimited("too many new groups in a day", wait)));
    }
    return effects
        .persist(new UserEvent.GroupBegun(new StartedGroups.Begun(c.id(), ref, now)))
        .thenRun(after -> c.replyTo().tell(new User.GroupBegun(c.id())));
  }
}
