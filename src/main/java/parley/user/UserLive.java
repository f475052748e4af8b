package parley.user;

import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import parley.bounds.BoundedMap;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.model.InboxRow;
import parley.model.Presence;
import parley.model.UserId;

/**
 * The in-memory part of a user: changes that are not in the journal yet, live sessions, presence
 * watchers, and messages that conversations are still to receive. All of it may be lost. A
 * conversation repeats what was not acknowledged, and clients repeat requests that were not
 * durable.
 */
final class UserLive {
  /**
   * The most conversations that a user asks for what it may have lost, those with the newest texts.
   * All others repeat it by themselves later.
   */
  private static final int MAX_ASKED = 100;

  /** The most row changes that are repeated to a session that comes back. */
  private static final int MAX_RECENT_ROW_CHANGES = 200;

  final UnsavedChanges unsavedChanges;
  final LiveSessions liveSessions;
  final PresenceTracker presenceTracker;
  final MessageAllowance messageAllowance;
  final PushSchedule pushSchedule;
  final PushSender pushSender;
  final LoginEndNotices loginEndNotices;
  final TokenClaims tokens;
  final DeviceActivity activity;
  final ActorRef<User.Command> self;

  private final UserId id;
  private final UserSettings settings;
  private final User.Conversations conversations;
  private final TimerScheduler<User.Command> timers;
  private final InstantSource clock;
  private final ConversationNotices conversationNotices;
  private final DeviceBacklog backlog;
  private final FlushSchedule flushSchedule;

  /**
   * The row changes that were sent last, for sessions that did not receive them. It holds only news
   * of conversations since this incarnation of the entity began: a row from the journal may be
   * older than what a session has already received.
   */
  private final BoundedMap<ConversationId, Delivery.RowChanged> recentRowChanges =
      BoundedMap.byAge(MAX_RECENT_ROW_CHANGES);

  private long noticesDueAt;

  UserLive(
      UserId id,
      UserSettings settings,
      User.Conversations conversations,
      User.Logins logins,
      PushDependencies pushDependencies,
      ActorContext<User.Command> context,
      TimerScheduler<User.Command> timers,
      UserState state,
      InstantSource clock) {
    this.clock = clock;
    long now = clock.millis();
    this.id = id;
    this.settings = settings;
    this.conversations = conversations;
    this.timers = timers;
    this.self = context.getSelf();
    this.unsavedChanges = new UnsavedChanges(state.rows());
    this.conversationNotices = new ConversationNotices(id, conversations, unsavedChanges);
    this.liveSessions = new LiveSessions(context);
    this.messageAllowance = new MessageAllowance(id);
    this.presenceTracker = new PresenceTracker(id, settings.watchLease().toMillis());
    this.activity = new DeviceActivity(unsavedChanges, liveSessions, now, state.lastSeenAt());
    this.backlog = new DeviceBacklog(id, unsavedChanges);
    this.flushSchedule = new FlushSchedule(settings, timers, self);
    this.pushSchedule =
        new PushSchedule(
            id, pushDependencies.settings(), pushDependencies.platforms(), state.outbox(), now);
    this.pushSender =
        new PushSender(id, pushDependencies, pushSchedule, unsavedChanges, context, timers);
    this.tokens = new TokenClaims(id, pushDependencies.tokens(), context, timers);
    this.loginEndNotices = new LoginEndNotices(logins, context, timers);
  }

  /** Goes on with what was not finished when the entity ended. */
  void recovered(UserState state) {
    loginEndNotices.tell(state);
    tokens.sendDue(state);
    push(state, now());
    askForWhatWaited(now());
    if (!state.announced()) {
      announce(state, now());
    }
  }

  /**
   * Tells the conversations that were busy lately what the journal holds, so that they send at once
   * what the user held in memory only.
   */
  private void askForWhatWaited(long now) {
    if (!settings.mayWait()) {
      return;
    }
    unsavedChanges.rows().stream()
        .filter(row -> FlushSchedule.mayHaveWaited(row, now))
        .sorted(Comparator.comparingLong(VisibleRow::orderAt).reversed())
        .limit(MAX_ASKED)
        .forEach(
            row ->
                conversations.tell(
                    row.id(), new User.Dispatched(id, row.lastSeq(), row.version(), true)));
  }

  /** The present time, epoch milliseconds. */
  long now() {
    return clock.millis();
  }

  // ---- conversations

  /** Handles the news of a conversation. */
  void deliver(UserState state, User.Deliver message, long now) {
    ConversationId conversation = message.conversationId();
    conversationNotices.confirmProfile(conversation);
    ConversationRow conversationRow = unsavedChanges.get(conversation);
    DeviceCursors ahead = backlog.early(conversation);
    boolean forgets = state.forgotten() || unsavedChanges.hasDropped();
    switch (DeliveryResult.of(conversationRow, message, state.deviceNumbers(), ahead, forgets)) {
      case DeliveryResult.NothingToKeep quiet ->
          conversations.tell(conversation, new User.Dispatched(id, quiet.seq(), message.version()));
      case DeliveryResult.EntriesMissing missing -> {
        if (conversationRow == null) {
          conversations.tell(conversation, new User.Dispatched(id, missing.seq(), 0));
        } else {
          acknowledge(state, conversation);
        }
      }
      case DeliveryResult.Duplicate k -> acknowledge(state, conversation);
      case DeliveryResult.Applied taken -> take(state, taken, now);
    }
    boolean current = conversationRow == null || message.version() >= conversationRow.version();
    if (current
        && !message.receipts().isEmpty()
        && unsavedChanges.get(conversation) instanceof VisibleRow) {
      liveSessions.tellAll(new Delivery.Receipts(conversation, message.receipts()));
    }
    scheduleNotices(state, now);
  }

  private void take(UserState state, DeliveryResult.Applied taken, long now) {
    ConversationRow conversationRow = taken.row();
    ConversationId conversation = conversationRow.id();
    DeviceCursors ahead = backlog.takeEarly(conversation);
    if (ahead != null) {
      for (long device : state.deviceNumbers()) {
        long acked = ahead.acked(device, 0);
        if (acked > conversationRow.delivered()) {
          conversationRow = conversationRow.withCursors(conversationRow.cursors(), acked);
        }
      }
    }
    boolean lags = !conversationRow.cursors().isEmpty();
    if (!taken.entries().isEmpty() || !lags) {
      conversationRow =
          conversationRow.withAges(
              lags
                  ? BacklogAges.moved(conversationRow.ages(), now, conversationRow.lastSeq())
                  : null);
    }
    unsavedChanges.put(conversationRow);
    unsavedChanges.acknowledgeLater(conversation);
    pushSender.countUnplanned(pushSchedule.planFor(state, conversationRow, taken.entries(), now));
    boolean mayWait = pushSchedule.isClean() && flushSchedule.mayWait(state, taken, now);
    flushSchedule.changed(taken.entries().size(), mayWait);
    if (mayWait) {
      conversations.tell(
          conversation, new User.Holding(id, conversationRow.lastSeq(), conversationRow.version()));
    }
    if (taken.gap() != null) {
      liveSessions.tellAll(taken.gap());
    }
    boolean inInbox = unsavedChanges.get(conversation) instanceof VisibleRow;
    if (taken.created() && inInbox && conversationRow instanceof VisibleRow visibleRow) {
      rowChanged(visibleRow.toInboxRow());
    }
    if (!taken.entries().isEmpty()) {
      liveSessions.tellAll(new Delivery.Entries(conversation, taken.entries()));
    }
    if (taken.changed() && inInbox && conversationRow instanceof VisibleRow visibleRow) {
      rowChanged(visibleRow.toInboxRow());
    }
    if (taken.removed() != null) {
      rowChanged(taken.removed());
    }
    if (conversationRow.leftSeq() > 0
        || conversationRow.delivered() <= conversationRow.confirmedDelivered()) {
      conversationNotices.cancelDelivered(conversation);
    } else if (ahead != null || !conversationNotices.isDeliveredPending(conversation)) {
      // Also repeats a notice that a crash has prevented.
      conversationNotices.delivered(conversation, now);
    }
    if (taken.created() && inInbox && state.revision() > 0) {
      // The conversation may have copied the old name before the user had a row to send the new
      // name to.
      conversationNotices.announceProfile(conversationRow, now);
    }
  }

  /** Sends a row change to every session, and keeps it for those that come back later. */
  void rowChanged(InboxRow row) {
    Delivery.RowChanged changed = new Delivery.RowChanged(row);
    recentRowChanges.putLast(row.conversationId(), changed);
    liveSessions.tellAll(changed);
  }

  /**
   * Tells the conversation how much of it the journal holds, as soon as nothing of it is unsaved.
   */
  private void acknowledge(UserState state, ConversationId conversation) {
    ConversationRow held = unsavedChanges.get(conversation);
    if (unsavedChanges.isDirty(conversation)) {
      unsavedChanges.acknowledgeLater(conversation);
      if (flushSchedule.isWaiting() && held != null) {
        conversations.tell(conversation, new User.Holding(id, held.lastSeq(), held.version()));
      }
    } else {
      dispatched(state, conversation);
    }
  }

  private void dispatched(UserState state, ConversationId conversation) {
    ConversationRow conversationRow = state.rows().get(conversation);
    if (conversationRow != null && !pushSender.isCrashSafe(state)) {
      unsavedChanges.acknowledgeLater(conversation);
    } else if (conversationRow != null) {
      conversations.tell(
          conversation,
          new User.Dispatched(id, conversationRow.lastSeq(), conversationRow.version()));
    }
  }

  /** The event is durable. Sends the acknowledgements that waited for it. */
  void settle(UserState state, UserEvent.Flushed event, long now) {
    event.rows().forEach(visibleRow -> settle(state, visibleRow.id()));
    event.hidden().forEach(hiddenRow -> settle(state, hiddenRow.id()));
    event.cursors().forEach(moved -> settle(state, moved.id()));
    for (ConversationId gone : event.gone()) {
      HiddenRow last = unsavedChanges.dropSaved(gone);
      if (last != null) {
        // The user has taken this in and then dropped it; a repeated delivery would change nothing.
        conversations.tell(gone, new User.Dispatched(id, last.lastSeq(), last.version()));
      }
    }
    if (!event.seen().isEmpty()) {
      tokens.sendDue(state); // A device that was logged out may have attached again.
    }
    push(state, now);
    if (!isClean()) {
      self.tell(new UserInternal.Flush());
    }
  }

  /**
   * Sends the pushes that are due, and the acknowledgements that waited until pending pushes were
   * safe from a crash.
   */
  void push(UserState state, long now) {
    pushSender.sendDue(state, activity.anyConnected(state, now), now);
    if (!pushSchedule.isClean()) {
      flushSchedule.soon();
    }
    if (pushSender.runIfCrashSafe(state)) {
      unsavedChanges.readyForAck().forEach(conversation -> settle(state, conversation));
    }
  }

  /** Whether the journal has everything. */
  boolean isClean() {
    return unsavedChanges.isClean() && pushSchedule.isClean();
  }

  /** Builds the next event of unsaved changes. The caller must persist it. */
  UserEvent.Flushed nextEvent(UserState state, long now) {
    flushSchedule.flushed();
    pushSender.sweep(state, now);
    return pushSchedule.addChangesTo(unsavedChanges.nextEvent(), state.outbox());
  }

  /**
   * Builds an event with the row of one conversation, for a change whose caller waits for it. The
   * caller must persist it.
   */
  UserEvent.Flushed eventOf(UserState state, ConversationId conversation, long now) {
    pushSender.sweep(state, now);
    return pushSchedule.addChangesTo(unsavedChanges.eventOf(conversation), state.outbox());
  }

  /**
   * Devices were removed, or their push tokens have changed. Drops the pending pushes of removed
   * devices.
   */
  void devicesChanged(UserState state, long now) {
    pushSchedule.retainDevices(number -> state.device(number) != null);
    tokens.sendDue(state);
    push(state, now);
  }

  private void settle(UserState state, ConversationId conversation) {
    if (unsavedChanges.takeReadyForAck(conversation)) {
      dispatched(state, conversation);
    }
  }

  // ---- notices to conversations

  /** Sends the profile to every direct conversation, until each has acknowledged it. */
  void announce(UserState state, long now) {
    conversationNotices.announceProfile(now);
    scheduleNotices(state, now);
  }

  /**
   * Sends the notices that are due to conversations. Returns true if every conversation has
   * acknowledged the profile but the journal does not say so yet. The caller must then persist this
   * and call {@link #scheduleNotices}.
   */
  boolean sendNotices(UserState state, long now) {
    conversationNotices.sendDue(state, now);
    if (conversationNotices.allConfirmed() && !state.announced()) {
      return true;
    }
    scheduleNotices(state, now);
    return false;
  }

  /** Schedules the next call of {@link #sendNotices}, for the time when a notice is due. */
  void scheduleNotices(UserState state, long now) {
    long due = conversationNotices.nextDue(state, now);
    if (due == Long.MAX_VALUE) {
      return;
    }
    if (!timers.isTimerActive(UserInternal.NoticesDue.class) || due < noticesDueAt) {
      noticesDueAt = due;
      timers.startSingleTimer(
          UserInternal.NoticesDue.class,
          new UserInternal.NoticesDue(),
          Duration.ofMillis(due - now));
    }
  }

  // ---- sessions

  /** Attaches the session. Its device must be durable. */
  void attach(UserState state, LiveSessions.Newcomer newcomer, long now) {
    User.Attach attach = newcomer.attach();
    Device device = state.devices().get(attach.deviceId());
    if (device == null) {
      return;
    }
    liveSessions.attach(newcomer, state.devices().keySet());
    activity.attached(attach.deviceId(), state.devices().keySet());
    pushSchedule.signOfLife(device.number(), now);
    activity.seen(attach.deviceId(), attach.client(), now, attach.sid());
    flushSchedule.soon();
    attached(attach, backlog.lagging(device.number(), now));
    if (attach.resume()) {
      recentRowChanges.values().forEach(row -> liveSessions.tell(attach.deviceId(), row));
    }
    presenceTracker.changed(presence(now), now);
    for (VisibleRow visibleRow : unsavedChanges.rows()) {
      if (visibleRow.delivered() > visibleRow.confirmedDelivered()) {
        conversationNotices.delivered(visibleRow.id(), now);
      }
    }
    scheduleNotices(state, now);
  }

  private void attached(User.Attach attach, List<Delivery.Lag> lagging) {
    ActorRef<Delivery> session = attach.session();
    int first = Math.min(Delivery.LAGS, lagging.size());
    int more = (lagging.size() - first + Delivery.LAGS - 1) / Delivery.LAGS;
    session.tell(
        new Delivery.Attached(self, List.copyOf(lagging.subList(0, first)), more, attach.sid()));
    for (int from = first; from < lagging.size(); from += Delivery.LAGS) {
      int to = Math.min(from + Delivery.LAGS, lagging.size());
      session.tell(new Delivery.MoreLagging(List.copyOf(lagging.subList(from, to))));
    }
  }

  /** A session has ended. */
  void sessionEnded(UserState state, UserInternal.SessionEnded ended, long now) {
    LiveSessions.LiveSession session = liveSessions.sessionEnded(ended);
    if (session == null) {
      return;
    }
    activity.seen(session.device(), session.client(), now, session.sid());
    flushSchedule.soon();
    updatePresence(now);
    Device device = state.devices().get(session.device());
    if (device != null) {
      pushSchedule.disconnected(device.number());
    }
    push(state, now);
  }

  /** A device was removed. */
  void deviceRemoved(DeviceId device, long now) {
    liveSessions.remove(device);
    activity.removed(device);
    updatePresence(now);
  }

  /** A login has ended, and the journal knows it. */
  void loginEnded(UserState state, String sid, long now) {
    unsavedChanges.forgetLogin(sid);
    for (DeviceId id : liveSessions.endLogin(sid)) {
      Device device = state.devices().get(id);
      if (device != null) {
        pushSchedule.disconnected(device.number());
      }
    }
    updatePresence(now);
  }

  private void updatePresence(long now) {
    if (liveSessions.isEmpty()) {
      presenceTracker.lastSessionEnded();
    }
    presenceTracker.changed(presence(now), now);
  }

  Presence presence(long now) {
    return presenceTracker.current(!liveSessions.isEmpty(), activity.lastSeenAt(), now);
  }

  /** Handles the acknowledgements of a device. */
  void acked(UserState state, User.Acked message, long now) {
    Device device = state.devices().get(message.deviceId());
    if (device == null || !liveSessions.acked(message)) {
      return;
    }
    if (liveSessions.of(message.deviceId()) != null) {
      pushSchedule.signOfLife(device.number(), now);
    }
    for (User.Ack ack : message.acks()) {
      ConversationRow conversationRow = unsavedChanges.get(ack.conversationId());
      if (conversationRow == null) {
        backlog.ackedEarly(ack, device.number());
      } else {
        acked(conversationRow, ack, device.number(), now);
      }
    }
    scheduleNotices(state, now);
  }

  private void acked(ConversationRow conversationRow, User.Ack ack, long device, long now) {
    long seq = Math.min(ack.seq(), Math.max(conversationRow.lastSeq(), ack.proven()));
    if (seq <= conversationRow.cursors().acked(device, conversationRow.lastSeq())) {
      return;
    }
    boolean further = seq > conversationRow.delivered() && conversationRow.leftSeq() == 0;
    unsavedChanges.putCursors(
        conversationRow.withCursors(
            conversationRow.cursors().with(device, seq, conversationRow.lastSeq()),
            Math.max(conversationRow.delivered(), seq)));
    // A push that the device no longer needs is taken out of the journal soon.
    flushSchedule.changed(0, settings.mayWait() && pushSchedule.isClean());
    if (further) {
      conversationNotices.delivered(conversationRow.id(), now);
    }
  }

  /** Whether the user can leave memory. */
  boolean canPassivate(UserState state, long now) {
    return liveSessions.isEmpty()
        && isClean()
        && conversationNotices.isEmpty()
        && state.unconfirmedLogins().isEmpty()
        && tokens.canPassivate(state)
        && !presenceTracker.hasWatchers(now)
        && pushSender.canPassivate(state);
  }
}
