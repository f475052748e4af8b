package parley.user;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import parley.bounds.BoundedMap;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.model.InboxRow;
import parley.model.Presence;
import parley.model.Refusal;
import parley.model.UserId;
import parley.telemetry.EntityMeters;
import parley.telemetry.MessageTrail;

/**
 * The in-memory part of a user: changes that are not in the journal yet, live sessions, presence
 * watchers, and messages that conversations are still to receive. All of it may be lost. A
 * conversation repeats what was not acknowledged, and clients repeat requests that were not
 * durable.
 */
final class UserLive {
  /** The most row changes that are repeated to a session that comes back. */
  private static final int MAX_RECENT_ROW_CHANGES = 200;

  /** A device that attaches within this time after it was last seen counts as a reconnect. */
  private static final long RECONNECT_MILLIS =
      Duration.ofMinutes(EntityMeters.RECONNECT_MINUTES).toMillis();

  final UnsavedChanges unsavedChanges;
  final LiveSessions liveSessions;
  final PresenceTracker presenceTracker;
  final MessageAllowance messageAllowance;
  final PushSchedule pushSchedule;
  final PushSender pushSender;
  final InboxTrails inboxTrails;
  final PushTrails pushTrails;
  final LoginEndNotices loginEndNotices;
  final TokenClaims tokens;
  final DeviceActivity activity;
  final StaleRows staleRows;
  final ActorRef<User.Command> self;

  /** The address of the node that the user runs on. */
  final String node;

  final UserId id;
  private final UserSettings settings;
  final User.Conversations conversations;
  private final TimerScheduler<User.Command> timers;
  private final InstantSource clock;
  final ConversationNotices conversationNotices;
  final HoldingNotices holdingNotices;
  final DeviceBacklog backlog;
  final FlushSchedule flushSchedule;
  private final UserReport report;

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
      AccountLogins logins,
      PushDependencies pushDependencies,
      UserReport report,
      ActorContext<User.Command> context,
      TimerScheduler<User.Command> timers,
      UserState state,
      InstantSource clock,
      MessageTrail trail) {
    this.clock = clock;
    long now = clock.millis();
    this.id = id;
    this.settings = settings;
    this.conversations = conversations;
    this.timers = timers;
    this.report = report;
    this.self = context.getSelf();
    this.node = context.getSystem().address().toString();
    this.unsavedChanges = new UnsavedChanges(state.rows());
    this.conversationNotices = new ConversationNotices(id, conversations, unsavedChanges);
    this.liveSessions = new LiveSessions(context);
    this.messageAllowance = new MessageAllowance(id);
    this.presenceTracker = new PresenceTracker(id, settings.watchLease().toMillis());
    this.activity = new DeviceActivity(unsavedChanges, liveSessions, now, state.lastSeenAt());
    this.backlog = new DeviceBacklog(id, unsavedChanges);
    this.flushSchedule = new FlushSchedule(settings, timers, self);
    this.staleRows = new StaleRows(id, conversations, timers, self);
    this.inboxTrails = new InboxTrails(id, trail.tracing());
    this.pushTrails = new PushTrails(id, trail);
    this.pushSchedule =
        new PushSchedule(
            id, pushDependencies.settings(), pushDependencies.platforms(), state.outbox(), now);
    this.pushSender =
        new PushSender(
            id, pushDependencies, pushSchedule, unsavedChanges, pushTrails, context, timers);
    this.holdingNotices =
        new HoldingNotices(id, conversations, unsavedChanges, pushSchedule, pushSender);
    this.tokens = new TokenClaims(id, pushDependencies.tokens(), context, timers);
    this.loginEndNotices = new LoginEndNotices(logins, context, timers);
  }

  /** Goes on with what was not finished when the entity ended. */
  void recovered(UserState state) {
    loginEndNotices.tell(state);
    tokens.sendDue(state);
    push(state, now());
    if (settings.mayWait()) {
      staleRows.ask(state, now());
    }
    if (!state.announced()) {
      announce(state, now());
    }
  }

  /** The present time, epoch milliseconds. */
  long now() {
    return clock.millis();
  }

  // ---- conversations

  /** Sends a row change to every session, and keeps it for those that come back later. */
  void rowChanged(InboxRow row) {
    Delivery.RowChanged changed = new Delivery.RowChanged(row);
    recentRowChanges.putLast(row.conversationId(), changed);
    liveSessions.tellAll(changed);
  }

  /**
   * Tells the conversation how much of it the journal holds, as soon as nothing of it is unsaved.
   */
  void acknowledge(UserState state, ConversationId conversation) {
    ConversationRow held = unsavedChanges.get(conversation);
    if (unsavedChanges.isDirty(conversation)) {
      unsavedChanges.acknowledgeLater(conversation);
      if (flushSchedule.isWaiting() && held != null) {
        holdingNotices.tellNow(state, held);
      }
    } else {
      dispatched(state, conversation);
    }
  }

  /** When the journal must have the pending pushes, epoch milliseconds. */
  long pushesSavedBy(UserState state, long now) {
    return pushSchedule.isClean()
        ? Long.MAX_VALUE
        : pushSchedule.saveBy(state.outbox(), activity.anyConnected(state, now));
  }

  void sweepPushes(UserState state, long now) {
    if (!pushSchedule.isEmpty()) {
      pushSender.sweep(state, now);
    }
  }

  private void dispatched(UserState state, ConversationId conversation) {
    // Nothing of it is unsaved, so the journal has these contents, perhaps with a lower version.
    ConversationRow conversationRow = unsavedChanges.get(conversation);
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
    long savedBy = pushesSavedBy(state, now);
    if (savedBy <= now) {
      flushSchedule.soon();
    } else {
      pushSender.wakeAt(savedBy, now);
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
    return reported(pushSchedule.addChangesTo(unsavedChanges.nextEvent(), state.outbox()));
  }

  /**
   * Builds an event with the row of one conversation, for a change whose caller waits for it. The
   * caller must persist it.
   */
  UserEvent.Flushed eventOf(UserState state, ConversationId conversation, long now) {
    pushSender.sweep(state, now);
    return reported(
        pushSchedule.addChangesTo(unsavedChanges.eventOf(conversation), state.outbox()));
  }

  private UserEvent.Flushed reported(UserEvent.Flushed event) {
    report.flushed(event);
    return event;
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
    holdingNotices.sendDue(state, now);
    if (conversationNotices.allConfirmed() && !state.announced()) {
      return true;
    }
    scheduleNotices(state, now);
    return false;
  }

  /** Schedules the next call of {@link #sendNotices}, for the time when a notice is due. */
  void scheduleNotices(UserState state, long now) {
    long due = Math.min(conversationNotices.nextDue(state, now), holdingNotices.nextDue());
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

  /** Counts a device that comes back soon. Call it before anything of the session is stored. */
  void countReconnect(UserState state, User.Attach attach, long now) {
    Device device = state.devices().get(attach.deviceId());
    if (device != null && !attach.resume()) {
      long seen = Math.max(device.seenAt(), unsavedChanges.seenAt(attach.deviceId()));
      report.attached(liveSessions.of(attach.deviceId()) != null || now - seen < RECONNECT_MILLIS);
    }
  }

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
    activity.seen(attach.deviceId(), attach.client(), now, attach.sid(), true);
    // The journal must learn soon what somebody can see of the device, or needs for its pushes.
    boolean news = device.isKnownOtherwise(attach.client());
    flushSchedule.changed(0, settings.mayWait() && !news);
    backlog.attached(attach, self, device.number(), now);
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

  /** A session has ended. */
  void sessionEnded(UserState state, UserInternal.SessionEnded ended, long now) {
    LiveSessions.LiveSession session = liveSessions.sessionEnded(ended);
    if (session == null) {
      return;
    }
    activity.seen(session.device(), session.client(), now, session.sid(), false);
    flushSchedule.changed(0, settings.mayWait());
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
    liveSessions.endLogin(sid).forEach(id -> disconnected(state, id));
    updatePresence(now);
  }

  /** Ends sessions for an operator. Returns what each was told. */
  Map<ActorRef<Delivery>, Delivery.Ended> endSessions(
      UserState state, Predicate<LiveSessions.LiveSession> which, long now) {
    Map<ActorRef<Delivery>, Delivery.Ended> told = new LinkedHashMap<>();
    for (LiveSessions.LiveSession session : liveSessions.endForOperator(which)) {
      told.put(session.ref(), LiveSessions.endedByOperator());
      disconnected(state, session.device());
    }
    updatePresence(now);
    return told;
  }

  /** The user is banned, and the journal knows it. Returns what each session was told. */
  Map<ActorRef<Delivery>, Delivery.Ended> banned(UserState state, long now) {
    Map<ActorRef<Delivery>, Delivery.Ended> told = new LinkedHashMap<>();
    Refusal refusal = state.banRefusal(now);
    if (refusal != null) {
      for (LiveSessions.LiveSession session : liveSessions.ban(refusal)) {
        told.put(session.ref(), LiveSessions.banned(Delivery.End.REMOVED, refusal));
        disconnected(state, session.device());
      }
      updatePresence(now);
    }
    return told;
  }

  private void disconnected(UserState state, DeviceId id) {
    Device device = state.devices().get(id);
    if (device != null) {
      pushSchedule.disconnected(device.number());
    }
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
    List<ConversationId> moved = new ArrayList<>();
    for (User.Ack ack : message.acks()) {
      ConversationRow conversationRow = unsavedChanges.get(ack.conversationId());
      if (conversationRow == null) {
        backlog.ackedEarly(ack, device.number());
      } else if (acked(conversationRow, ack, device.number(), now)) {
        moved.add(ack.conversationId());
      }
    }
    if (!moved.isEmpty()) {
      cursorsMoved(state, moved, now);
    }
    scheduleNotices(state, now);
  }

  /**
   * Cursors of a device have moved. They can wait, unless the journal has a push that the device no
   * longer needs.
   */
  private void cursorsMoved(UserState state, List<ConversationId> moved, long now) {
    boolean pushWaited = !pushSchedule.isClean();
    sweepPushes(state, now);
    flushSchedule.changed(0, settings.mayWait() && pushesSavedBy(state, now) > now);
    if (pushWaited && flushSchedule.isWaiting()) {
      for (ConversationId conversation : moved) {
        ConversationRow row = unsavedChanges.get(conversation);
        if (row != null && unsavedChanges.isDirty(conversation)) {
          holdingNotices.tellNow(state, row);
        }
      }
    }
  }

  /** Returns whether the acknowledgement moves the cursor of the device. */
  private boolean acked(ConversationRow conversationRow, User.Ack ack, long device, long now) {
    long seq = Math.min(ack.seq(), Math.max(conversationRow.lastSeq(), ack.proven()));
    if (seq <= conversationRow.cursors().acked(device, conversationRow.lastSeq())) {
      return false;
    }
    boolean further = seq > conversationRow.delivered() && conversationRow.leftSeq() == 0;
    unsavedChanges.putCursors(
        conversationRow.withCursors(
            conversationRow.cursors().with(device, seq, conversationRow.lastSeq()),
            Math.max(conversationRow.delivered(), seq)));
    if (further) {
      conversationNotices.delivered(conversationRow.id(), now);
    }
    return true;
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
