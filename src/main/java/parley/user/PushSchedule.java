package parley.user;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import parley.bounds.BoundedMap;
import parley.model.Entry;
import parley.model.UserId;
import parley.push.Platform;

/**
 * Decides which device gets a push notification about which conversation, and when. It holds the
 * {@link PushOutbox} together with the changes that are not in the journal yet. It has no actor and
 * no timer.
 *
 * <p>The rules:
 *
 * <ul>
 *   <li>An entry that counts as unread (a message that the user did not send) causes a push to each
 *       device with a push token that has not acknowledged the entry. Other devices that have it
 *       change nothing: a laptop that is left open must not silence the phone. Once the user has
 *       <em>read</em> the entry on any device, or the entry is deleted, no device gets a push.
 *       Edits, reactions and changes of a group cause no push. A muted conversation causes no push,
 *       not even for a mention.
 *   <li>If no device is connected, the push is due at once. Otherwise it is due after {@link
 *       PushSettings#patience}, in which the entry may be acknowledged or read. A connected device
 *       that acknowledges other entries meanwhile (a long backlog) gets that time again from each
 *       acknowledgement, up to a minute in all.
 *   <li>A push from before this incarnation of the user waits for that time in any case.
 *   <li>A push is sent only after the journal has it. Until shortly before it is due it may wait in
 *       memory ({@link #saveBy}).
 *   <li>At most one push is pending for each device and conversation. It is about the newest entry
 *       and carries the unread count of the whole inbox. Further entries only update it.
 *   <li>After a push, the next one to the same device about the same conversation is due {@link
 *       PushSettings#again} later at the earliest, unless the device has fetched the entry of the
 *       first. This limit is kept in memory only: a crash may cause one push too early, and never a
 *       missed one.
 *   <li>After {@link #MAX_FAILURES} failures the push becomes a dead letter, and a later entry
 *       starts a new push. A push that was not offered to the provider at all has not failed, but
 *       after {@link #MAX_AWAY_MILLIS} in that state it becomes a dead letter too.
 * </ul>
 */
final class PushSchedule {
  /** The most pending pushes of a user. Further ones are not planned, and are counted. */
  static final int MAX_PENDING = 1_000;

  /** Failures after which a push becomes a dead letter. */
  static final int MAX_FAILURES = 3;

  /**
   * How long a push may wait for a provider that is not available, counted from the first entry of
   * the push.
   */
  static final long MAX_AWAY_MILLIS = Duration.ofDays(1).toMillis();

  /**
   * A push is offered for at least this long after the user has started on a node, however old the
   * push is.
   */
  static final long MIN_OFFER_MILLIS = Duration.ofHours(1).toMillis();

  /**
   * The most by which the clock of the node that wrote a time may have been ahead of this node's
   * clock.
   */
  private static final long SKEW_MILLIS = Duration.ofMinutes(1).toMillis();

  /** How long before it is due a push is written to the journal. */
  private static final long SAVED_BEFORE_DUE_MILLIS = 500;

  private static final long LONGEST_STEP_MILLIS = Duration.ofMinutes(1).toMillis();

  /**
   * A connected device that keeps acknowledging extends the wait to at most this many times the
   * patience.
   */
  private static final int MAX_PATIENCE_FACTOR = 12;

  /** The last push to a device about a conversation. */
  private record LastPush(long seq, long at) {}

  private final UserId me;
  private final PushSettings settings;
  private final Set<Platform> platforms;
  private long startedAt;
  private final Map<PendingPush.Key, PendingPush> pending = new LinkedHashMap<>(4);
  private final Set<PendingPush.Key> dirty = new LinkedHashSet<>(4);
  // The oldest is dropped beyond MAX_PENDING. One that is older than `again` is dropped too.
  private final BoundedMap<PendingPush.Key, LastPush> lastPushes = BoundedMap.byAge(MAX_PENDING);
  // The last sign of life of each connected device, by device number.
  private final Map<Long, Long> signOfLife = new HashMap<>(4);

  PushSchedule(
      UserId me, PushSettings settings, Set<Platform> platforms, PushOutbox durable, long now) {
    this.me = me;
    this.settings = settings;
    this.platforms = platforms;
    this.startedAt = now;
    durable.all().forEach(one -> pending.put(one.key(), one));
  }

  // ---- planning

  /**
   * Plans pushes for new entries.
   *
   * @return how many pushes were not planned because too many are pending
   */
  int planFor(UserState state, ConversationRow conversationRow, List<Entry> entries, long now) {
    long newest = 0;
    for (Entry entry : entries) {
      if (entry.body().countable() && !entry.deleted() && !entry.senderId().equals(me)) {
        newest = entry.seq();
      }
    }
    if (newest == 0) {
      return 0;
    }
    int refused = 0;
    for (Device device : state.devices().values()) {
      PendingPush one =
          new PendingPush(conversationRow.id(), device.number(), newest, now, 0, 0, null);
      if (need(one, conversationRow, device) == UserPush.Need.WAITS && !plan(one, now)) {
        refused++;
      }
    }
    return refused;
  }

  /** Plans the push. Returns false if too many are pending. */
  boolean plan(PendingPush one, long now) {
    PendingPush known = pending.get(one.key());
    if (known == null && pending.size() >= MAX_PENDING) {
      return false;
    }
    put(known != null ? known.upTo(one.seq()) : throttled(one, now));
    return true;
  }

  private PendingPush throttled(PendingPush one, long now) {
    LastPush last = lastPushes.get(one.key());
    if (last == null) {
      return one;
    }
    long due = Math.min(last.at(), now) + settings.again().toMillis();
    return due <= now ? one : one.notBefore(due);
  }

  private void put(PendingPush one) {
    if (!one.equals(pending.put(one.key(), one))) {
      dirty.add(one.key());
    }
  }

  private void remove(PendingPush.Key key) {
    if (pending.remove(key) != null) {
      dirty.add(key);
    }
  }

  /** Whether the device needs this push, and if not, why. */
  UserPush.Need need(
      PendingPush one, @Nullable ConversationRow conversationRow, @Nullable Device device) {
    if (device == null || !device.pushable()) {
      return UserPush.Need.NO_TOKEN;
    }
    if (!configured(device)) {
      return UserPush.Need.OFF;
    }
    if (!(conversationRow instanceof VisibleRow visibleRow)) {
      return UserPush.Need.LEFT;
    }
    if (visibleRow.read() >= one.seq() || visibleRow.unread() == 0) {
      return UserPush.Need.READ;
    }
    if (visibleRow.cursors().acked(device.number(), visibleRow.lastSeq()) >= one.seq()) {
      return UserPush.Need.FETCHED;
    }
    return visibleRow.muted() ? UserPush.Need.MUTED : UserPush.Need.WAITS;
  }

  /**
   * Limits every stored time to the longest wait from now. Without this, times that were written
   * while a clock was ahead would delay pushes until the corrected clock reaches them.
   */
  private void clampTimes(long now) {
    startedAt = Math.min(startedAt, now);
    signOfLife.replaceAll((device, at) -> Math.min(at, now));
    for (PendingPush one : List.copyOf(pending.values())) {
      // A push that becomes a dead letter does not wait.
      long latest = now + SKEW_MILLIS + (one.tries() < MAX_FAILURES ? longestDelay() : 0);
      PendingPush bounded = one.at() > now + SKEW_MILLIS ? one.takenAt(now) : one;
      put(bounded.due() > latest ? bounded.notBefore(latest) : bounded);
    }
  }

  /** The longest possible wait, in milliseconds. */
  private long longestDelay() {
    long step =
        Math.max(LONGEST_STEP_MILLIS, settings.backoff().toMillis() << (2 * (MAX_FAILURES - 1)));
    return Math.max(settings.again().toMillis(), settings.longestWait().toMillis() + 2 * step);
  }

  private boolean configured(Device device) {
    String name = device.pushPlatform();
    return name != null && Platform.of(name).filter(platforms::contains).isPresent();
  }

  /**
   * Drops the pushes that are no longer needed.
   *
   * @return how many pushes were dropped
   */
  int sweep(UserState state, UnsavedChanges unsavedChanges, long now) {
    clampTimes(now);
    lastPushes
        .entrySet()
        .removeIf(
            one ->
                one.getValue().at() + settings.again().toMillis() <= now
                    || fetched(one.getKey(), one.getValue().seq(), unsavedChanges));
    if (pending.isEmpty()) {
      return 0;
    }
    Map<Long, Device> devices = new HashMap<>();
    state.devices().values().forEach(device -> devices.put(device.number(), device));
    int spared = 0;
    for (PendingPush one : List.copyOf(pending.values())) {
      UserPush.Need need = need(one, unsavedChanges.get(one.id()), devices.get(one.device()));
      if (need != UserPush.Need.WAITS) {
        remove(one.key());
        if (state.outbox().get(one.key()) == null) {
          dirty.remove(one.key()); // The journal never had it.
        }
        spared++;
      }
    }
    return spared;
  }

  private static boolean fetched(PendingPush.Key key, long seq, UnsavedChanges unsavedChanges) {
    return !(unsavedChanges.get(key.id()) instanceof VisibleRow visibleRow)
        || visibleRow.read() >= seq
        || visibleRow.cursors().acked(key.device(), visibleRow.lastSeq()) >= seq;
  }

  Collection<PendingPush> all() {
    return pending.values();
  }

  @Nullable PendingPush get(PendingPush.Key key) {
    return pending.get(key);
  }

  boolean isEmpty() {
    return pending.isEmpty();
  }

  /** The number of pending pushes. */
  int size() {
    return pending.size();
  }

  // ---- due times

  /** A session of the device has attached, or has acknowledged something. */
  void signOfLife(long device, long now) {
    signOfLife.put(device, now);
  }

  /** The device's session has ended. */
  void disconnected(long device) {
    signOfLife.remove(device);
  }

  /**
   * When the push is due, epoch milliseconds.
   *
   * @param anyDeviceConnected whether any device of the user is connected, or may be about to come
   *     back
   */
  long due(PendingPush one, boolean anyDeviceConnected) {
    long patience = settings.patience().toMillis();
    Long alive = signOfLife.get(one.device());
    long due = one.at();
    if (alive != null) {
      due = Math.min(Math.max(due, alive) + patience, due + MAX_PATIENCE_FACTOR * patience);
    } else if (anyDeviceConnected) {
      due += patience;
    }
    if (one.at() < startedAt) {
      // A crash may have lost the latest news and acknowledgements; conversations and devices
      // repeat them first.
      due = Math.max(due, startedAt + patience);
    }
    return Math.max(due, one.due());
  }

  // ---- outcomes

  /**
   * A provider has accepted the push up to {@code seq}. Entries after {@code seq} keep a push
   * pending.
   */
  void delivered(PendingPush.Key key, long seq, long now) {
    lastPushes.putLast(key, new LastPush(seq, now));
    finish(key, seq, now);
  }

  /** The push is stored as a dead letter, up to {@code seq}. */
  void deadLettered(PendingPush.Key key, long seq, long now) {
    finish(key, seq, now);
  }

  private void finish(PendingPush.Key key, long seq, long now) {
    PendingPush one = pending.get(key);
    if (one == null) {
      return;
    }
    if (one.seq() <= seq) {
      remove(key);
    } else {
      put(throttled(new PendingPush(key.id(), key.device(), one.seq(), now, 0, 0, null), now));
    }
  }

  /**
   * An attempt has failed.
   *
   * @param after the shortest wait that the provider asks for, in milliseconds, or 0
   * @param last whether a further attempt would be useless
   */
  void failed(PendingPush.Key key, String reason, long after, boolean last, long now) {
    PendingPush one = pending.get(key);
    if (one == null) {
      return;
    }
    long step = settings.backoff().toMillis() << (2 * Math.min(one.tries(), 5));
    boolean over = last || one.tries() + 1 >= MAX_FAILURES;
    long again = over ? now : now + delay(after, step);
    PendingPush failed = one.failed(reason, again);
    if (last) {
      failed =
          new PendingPush(
              one.id(),
              one.device(),
              one.seq(),
              one.at(),
              Math.max(MAX_FAILURES, failed.tries()),
              again,
              failed.reason());
    }
    put(failed);
  }

  /**
   * The wait before the next attempt: what the provider asks for, and a random part, so that not
   * all attempts come at the same time.
   */
  private long delay(long after, long step) {
    long asked = Math.min(Math.max(0, after), settings.longestWait().toMillis());
    return asked + (long) (step * (0.5 + settings.jitter().getAsDouble()));
  }

  /**
   * The push was not offered to the provider. That is no failed attempt and only costs time. The
   * wait grows with the age of the push: an eighth of the age, a minute at most. The time of the
   * next attempt is not written to the journal: after a crash the push is offered a little earlier,
   * and an hour without a provider costs no writes. A push that is older than {@link
   * #MAX_AWAY_MILLIS} becomes a dead letter. But a user that starts on a node, which may have been
   * down for longer than that, offers it for {@link #MIN_OFFER_MILLIS} in any case.
   *
   * @param after the shortest wait that was asked for, in milliseconds, or 0
   */
  void postponed(PendingPush.Key key, String reason, long after, long now) {
    PendingPush one = pending.get(key);
    if (one == null) {
      return;
    }
    if (now >= Math.max(one.at() + MAX_AWAY_MILLIS, startedAt + MIN_OFFER_MILLIS)) {
      failed(key, reason, 0, true, now);
      return;
    }
    long step =
        Math.max(
            settings.backoff().toMillis(), Math.min((now - one.at()) / 8, LONGEST_STEP_MILLIS));
    pending.put(key, one.notBefore(now + delay(after, step)));
  }

  // ---- the journal

  /** Whether the journal has everything. */
  boolean isClean() {
    return dirty.isEmpty();
  }

  /**
   * When the journal must have what is unsaved here, epoch milliseconds. A new push can wait until
   * just before it is due, because most are acknowledged by then: the conversation delivers its
   * entry again after a crash. Everything else is saved at once.
   *
   * @param durable the pushes in the journal
   * @param anyDeviceConnected whether any device of the user is connected, or may be about to come
   *     back
   * @return {@link Long#MAX_VALUE} if the journal has everything
   */
  long saveBy(PushOutbox durable, boolean anyDeviceConnected) {
    long by = Long.MAX_VALUE;
    for (PendingPush.Key key : dirty) {
      PendingPush one = pending.get(key);
      if (durable.get(key) != null) {
        return Long.MIN_VALUE;
      }
      if (one != null) {
        by = Math.min(by, due(one, anyDeviceConnected) - SAVED_BEFORE_DUE_MILLIS);
      }
    }
    return by;
  }

  /** Whether the journal has the current version of this push. */
  boolean isDurable(PendingPush.Key key) {
    return !dirty.contains(key);
  }

  /** Adds the unsaved changes of the outbox to the event. The caller must persist the result. */
  UserEvent.Flushed addChangesTo(UserEvent.Flushed event, PushOutbox durable) {
    if (dirty.isEmpty()) {
      return event;
    }
    List<PendingPush> now = new ArrayList<>();
    List<PendingPush.Key> done = new ArrayList<>();
    for (PendingPush.Key key : dirty) {
      PendingPush one = pending.get(key);
      if (one != null) {
        now.add(one);
      } else if (durable.get(key) != null) {
        done.add(key);
      }
    }
    dirty.clear();
    return event.withPushes(now, done);
  }

  /** Drops the pushes of devices whose number no longer exists. */
  void retainDevices(Predicate<Long> devices) {
    pending.keySet().removeIf(key -> !devices.test(key.device()));
    dirty.removeIf(key -> !devices.test(key.device()));
    signOfLife.keySet().removeIf(devices.negate());
  }
}
