package parley.user;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.model.DeviceView;
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
  private static final Logger LOG = LoggerFactory.getLogger(UserLive.class);

  /** How far the last-seen time of a live device in the journal may lag, approximately. */
  private static final long LAST_SEEN_STEP_MILLIS = 60_000;

  /**
   * The most conversations for which an acknowledgement may arrive before the conversation's own
   * message.
   */
  private static final int MAX_EARLY_ACKS = 100;

  /**
   * Unsaved entries after which the flush is immediate. A conversation sends at most a thousand
   * entries beyond those that the user has acknowledged. In a busy conversation these arrive in
   * less time than the normal flush delay.
   */
  static final int IMMEDIATE_FLUSH_ENTRIES = 300;

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

  private final UserId id;
  private final UserSettings settings;
  private final User.Conversations conversations;
  private final TimerScheduler<User.Command> timers;
  private final ActorRef<User.Command> self;
  private final ConversationNotices conversationNotices;

  /**
   * The row changes that were sent last, for sessions that did not receive them. It holds only news
   * of conversations since this incarnation of the entity began: a row from the journal may be
   * older than what a session has already received.
   */
  private final Map<ConversationId, User.RowChanged> recentRowChanges = new LinkedHashMap<>();

  private final Map<ConversationId, DeviceCursors> earlyAcks = new LinkedHashMap<>();
  private final long startedAt;

  /**
   * Devices whose sessions have attached since this incarnation began. At most as many as a user
   * may have, and those evicted since the last attach.
   */
  private final Set<DeviceId> attachedBefore = new HashSet<>();

  private long lastSeenAt;
  private long noticesDueAt;
  private int unflushedEntries;

  UserLive(
      UserId id,
      UserSettings settings,
      User.Conversations conversations,
      User.Logins logins,
      PushDependencies pushDependencies,
      ActorContext<User.Command> context,
      TimerScheduler<User.Command> timers,
      UserState state,
      long now) {
    this.startedAt = now;
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
    this.lastSeenAt = state.lastSeenAt();
    this.pushSchedule =
        new PushSchedule(
            id, pushDependencies.settings(), pushDependencies.platforms(), state.outbox(), now);
    this.pushSender =
        new PushSender(id, pushDependencies, pushSchedule, unsavedChanges, context, timers);
    this.tokens = new TokenClaims(id, pushDependencies.tokens(), context, timers);
    this.loginEndNotices = new LoginEndNotices(logins, context, timers);
  }

  // ---- conversations

  /** Handles the news of a conversation. */
  void deliver(UserState state, User.Deliver message, long now) {
    ConversationId conversation = message.conversationId();
    conversationNotices.confirmProfile(conversation);
    ConversationRow conversationRow = unsavedChanges.get(conversation);
    DeviceCursors ahead = earlyAcks.getOrDefault(conversation, DeviceCursors.NONE);
    boolean forgets = state.forgotten() || unsavedChanges.hasDropped();
    switch (DeliveryHandler.of(conversationRow, message, state.deviceNumbers(), ahead, forgets)) {
      case DeliveryHandler.Quiet quiet ->
          conversations.tell(conversation, new User.Dispatched(id, quiet.seq(), message.version()));
      case DeliveryHandler.Missing missing -> {
        if (conversationRow == null) {
          conversations.tell(conversation, new User.Dispatched(id, missing.seq(), 0));
        } else {
          acknowledge(state, conversation);
        }
      }
      case DeliveryHandler.Known k -> acknowledge(state, conversation);
      case DeliveryHandler.Taken taken -> take(state, taken, now);
    }
    boolean current = conversationRow == null || message.version() >= conversationRow.version();
    if (current
        && !message.receipts().isEmpty()
        && unsavedChanges.get(conversation) instanceof VisibleRow) {
      liveSessions.tellAll(new User.Receipts(conversation, message.receipts()));
    }
    scheduleNotices(state, now);
  }

  private void take(UserState state, DeliveryHandler.Taken taken, long now) {
    ConversationRow conversationRow = taken.row();
    ConversationId conversation = conversationRow.id();
    DeviceCursors ahead = earlyAcks.remove(conversation);
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
    flush(taken.entries().size());
    if (taken.gap() != null) {
      liveSessions.tellAll(taken.gap());
    }
    boolean inInbox = unsavedChanges.get(conversation) instanceof VisibleRow;
    if (taken.created() && inInbox && conversationRow instanceof VisibleRow visibleRow) {
      rowChanged(visibleRow.toInboxRow());
    }
    if (!taken.entries().isEmpty()) {
      liveSessions.tellAll(new User.Entries(conversation, taken.entries()));
    }
    if (taken.changed() && inInbox && conversationRow instanceof VisibleRow visibleRow) {
      rowChanged(visibleRow.toInboxRow());
    }
    if (taken.removed() != null) {
      rowChanged(taken.removed());
    }
    if (conversationRow.leftSeq() > 0 || conversationRow.delivered() <= conversationRow.told()) {
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
    User.RowChanged changed = new User.RowChanged(row);
    recentRowChanges.remove(row.conversationId());
    recentRowChanges.put(row.conversationId(), changed);
    if (recentRowChanges.size() > MAX_RECENT_ROW_CHANGES) {
      recentRowChanges.remove(recentRowChanges.keySet().iterator().next());
    }
    liveSessions.tellAll(changed);
  }

  /**
   * Tells the conversation how much of it the journal holds, as soon as nothing of it is unsaved.
   */
  private void acknowledge(UserState state, ConversationId conversation) {
    if (unsavedChanges.isDirty(conversation)) {
      unsavedChanges.acknowledgeLater(conversation);
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
    event.parked().forEach(hiddenRow -> settle(state, hiddenRow.id()));
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
    pushSender.sendDue(state, anyDeviceConnected(state, now), now);
    if (!pushSchedule.isClean()) {
      flushSoon();
    }
    if (pushSender.runIfCrashSafe(state)) {
      unsavedChanges.readyForAck().forEach(conversation -> settle(state, conversation));
    }
  }

  /**
   * Whether a device is connected, or was connected before this incarnation began and may come
   * back.
   */
  private boolean anyDeviceConnected(UserState state, long now) {
    return !liveSessions.isEmpty()
        || state.devices().values().stream().anyMatch(device -> mayComeBack(device, now));
  }

  /** Whether the journal has everything. */
  boolean isClean() {
    return unsavedChanges.isClean() && pushSchedule.isClean();
  }

  /** Builds the next event of unsaved changes. The caller must persist it. */
  UserEvent.Flushed nextEvent(UserState state, long now) {
    unflushedEntries = 0;
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

  private void flush(int entries) {
    unflushedEntries += entries;
    if (unflushedEntries < IMMEDIATE_FLUSH_ENTRIES) {
      flushSoon();
    } else {
      unflushedEntries = 0;
      self.tell(new UserInternal.Flush());
    }
  }

  /** Schedules a flush after {@link UserSettings#flushAfter}, to gather changes into one event. */
  void flushSoon() {
    if (!timers.isTimerActive(UserInternal.Flush.class)) {
      timers.startSingleTimer(
          UserInternal.Flush.class, new UserInternal.Flush(), settings.flushAfter());
    }
  }

  /** Updates the last-seen time of live devices, in the journal once a minute. */
  void refreshLastSeen(UserState state, long now) {
    for (LiveSessions.LiveSession session : liveSessions.all()) {
      Device device = state.devices().get(session.device());
      if (device != null && device.seenAt() + LAST_SEEN_STEP_MILLIS < now) {
        seen(session.device(), session.client(), now, session.sid());
      }
    }
  }

  private void seen(DeviceId device, String client, long now, @Nullable String sid) {
    unsavedChanges.seen(new UserEvent.DeviceSeen(device, client, now, sid));
    lastSeenAt = Math.max(lastSeenAt, now);
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
    if (!timers.isTimerActive(UserInternal.Tell.class) || due < noticesDueAt) {
      noticesDueAt = due;
      timers.startSingleTimer(
          UserInternal.Tell.class, new UserInternal.Tell(), Duration.ofMillis(due - now));
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
    attachedBefore.add(attach.deviceId());
    attachedBefore.retainAll(state.devices().keySet());
    pushSchedule.signOfLife(device.number(), now);
    seen(attach.deviceId(), attach.client(), now, attach.sid());
    flushSoon();
    attached(attach, lagging(device.number(), now));
    if (attach.resume()) {
      recentRowChanges.values().forEach(row -> liveSessions.tell(attach.deviceId(), row));
    }
    presenceTracker.changed(presence(now), now);
    for (VisibleRow visibleRow : unsavedChanges.rows()) {
      if (visibleRow.delivered() > visibleRow.told()) {
        conversationNotices.delivered(visibleRow.id(), now);
      }
    }
    scheduleNotices(state, now);
  }

  private void attached(User.Attach attach, List<User.Lag> lagging) {
    ActorRef<User.Delivery> session = attach.session();
    int first = Math.min(User.LAGS, lagging.size());
    int more = (lagging.size() - first + User.LAGS - 1) / User.LAGS;
    session.tell(
        new User.Attached(self, List.copyOf(lagging.subList(0, first)), more, attach.sid()));
    for (int from = first; from < lagging.size(); from += User.LAGS) {
      int to = Math.min(from + User.LAGS, lagging.size());
      session.tell(new User.MoreLagging(List.copyOf(lagging.subList(from, to))));
    }
  }

  private List<User.Lag> lagging(long device, long now) {
    List<ConversationRow> behind = new ArrayList<>();
    for (VisibleRow visibleRow : unsavedChanges.rows()) {
      if (visibleRow.cursors().acked(device, visibleRow.lastSeq()) < visibleRow.lastSeq()) {
        behind.add(visibleRow);
      }
    }
    for (HiddenRow hiddenRow : unsavedChanges.parked()) {
      if (hiddenRow.cursors().acked(device, hiddenRow.lastSeq()) < hiddenRow.lastSeq()) {
        behind.add(hiddenRow);
      }
    }
    behind.sort(
        Comparator.comparingLong(ConversationRow::orderAt).thenComparing(ConversationRow::id));
    return behind.stream().map(conversationRow -> lag(conversationRow, device, now)).toList();
  }

  private static User.Lag lag(ConversationRow conversationRow, long device, long now) {
    long head = conversationRow.lastSeq();
    long acked = conversationRow.cursors().acked(device, head);
    BacklogAges backlogAges = conversationRow.ages();
    long expired = backlogAges == null ? 0 : backlogAges.expired(now, head);
    long forgotten = conversationRow.forgottenTo() > acked ? conversationRow.forgottenTo() : 0;
    expired = Math.max(forgotten, expired > acked ? expired : 0);
    return new User.Lag(conversationRow.id(), acked, head, expired, forgotten);
  }

  /** A session has ended. */
  void sessionEnded(UserState state, UserInternal.SessionEnded ended, long now) {
    LiveSessions.LiveSession session = liveSessions.sessionEnded(ended);
    if (session == null) {
      return;
    }
    seen(session.device(), session.client(), now, session.sid());
    flushSoon();
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
    attachedBefore.remove(device);
    unsavedChanges.forgetDevice(device);
    updatePresence(now);
  }

  /**
   * The logins that end with the device: every login that it has used and that has not ended
   * before.
   */
  List<EndedLogin> loginsOf(UserState state, Device device, long now) {
    Set<String> sids = new LinkedHashSet<>(device.allLogins());
    LiveSessions.LiveSession session = liveSessions.of(device.id());
    for (String sid :
        new String[] {
          unsavedChanges.loginOf(device.id()), session == null ? null : session.sid()
        }) {
      if (sid != null) {
        sids.add(sid);
      }
    }
    return sids.stream()
        .filter(sid -> !state.hasLoginEnded(sid))
        .map(sid -> new EndedLogin(sid, now, false))
        .toList();
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
    return presenceTracker.current(!liveSessions.isEmpty(), lastSeenAt, now);
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
        ackedEarly(ack, device.number());
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
    flushSoon();
    if (further) {
      conversationNotices.delivered(conversationRow.id(), now);
    }
  }

  private void ackedEarly(User.Ack ack, long device) {
    long seq = Math.min(ack.seq(), ack.proven());
    if (seq <= 0) {
      return;
    }
    if (earlyAcks.size() >= MAX_EARLY_ACKS && !earlyAcks.containsKey(ack.conversationId())) {
      // The device receives the entry again after a reconnect.
      LOG.info("{}: acknowledgement before its conversation dropped, too many are held", id);
      return;
    }
    DeviceCursors known = earlyAcks.getOrDefault(ack.conversationId(), DeviceCursors.NONE);
    if (seq > known.acked(device, 0)) {
      earlyAcks.put(ack.conversationId(), known.with(device, seq, 0));
    }
  }

  /** The devices as a client sees them, the one seen last first. */
  List<DeviceView> devices(UserState state, long now) {
    return state.devices().values().stream()
        .map(
            device -> {
              boolean online = liveSessions.of(device.id()) != null;
              return new DeviceView(
                  device.id(), device.client(), online, online ? now : seenAt(device));
            })
        .sorted(
            Comparator.comparingLong(DeviceView::lastSeenAt)
                .reversed()
                .thenComparing(DeviceView::deviceId))
        .toList();
  }

  private long seenAt(Device device) {
    return Math.max(device.seenAt(), unsavedChanges.seenAt(device.id()));
  }

  /**
   * The device that can be evicted for a new one: of those that are not connected and not about to
   * come back, the one not seen for the longest time. Null if there is none.
   */
  @Nullable DeviceId evictable(UserState state, long now) {
    return state.devices().values().stream()
        .filter(device -> liveSessions.of(device.id()) == null)
        .filter(device -> !mayComeBack(device, now))
        .min(Comparator.comparingLong(this::seenAt).thenComparing(Device::id))
        .map(Device::id)
        .orElse(null);
  }

  /**
   * Whether the device counts as connected although it has no session. After this user has moved to
   * another node, its sessions attach one by one.
   */
  private boolean mayComeBack(Device device, long now) {
    boolean young = now - startedAt <= 2 * LAST_SEEN_STEP_MILLIS;
    return young
        && !attachedBefore.contains(device.id())
        && seenAt(device) + 2 * LAST_SEEN_STEP_MILLIS >= now;
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
