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
import parley.model.Entry;
import parley.model.UserId;
import parley.push.Platform;

/**
 * Which device is to be pushed to about which conversation, and when: the {@link PushOutbox} as it
 * is known by now, before the journal does. No actor, no timer.
 *
 * <p>The rules:
 *
 * <ul>
 *   <li>An entry that counts as unread (a text or media, not the user's own) is owed to each device
 *       with a push token that has not acknowledged it. Another device that has it changes nothing:
 *       a laptop left open must not silence the phone. But once the user has <em>read</em> it, on
 *       whatever device, or it is deleted, nobody is owed it. Edits, reactions and changes of a
 *       group push nothing; a muted conversation pushes nothing, not even a mention.
 *   <li>Where no device is connected it is due at once; else after {@link PushSettings#patience},
 *       in which the entry may be acknowledged or read. A connected device that acknowledges other
 *       things meanwhile (a long backlog) has that time again from then on, a minute at most.
 *   <li>What was owed in an earlier life of the user waits for that time in any case.
 *   <li>A device is owed at most one push for each conversation: for the newest entry, with the
 *       unread count of the whole inbox. Further entries only update it.
 *   <li>After a push the next one to the device about that conversation comes {@link
 *       PushSettings#again} later at the earliest, unless the device has fetched what the first was
 *       about. That is kept in memory only: a crash may cost one push too early, never one missed.
 *   <li>After {@link #TRIES} failures it becomes a dead letter; what comes later starts anew. Where
 *       the provider was not even asked, that is no failure, but after {@link #PATIENT_MILLIS} of
 *       it it is a dead letter too.
 * </ul>
 */
final class PushSchedule {
  /** Most pushes a user's devices are owed at a time; more are not planned, and counted. */
  static final int MOST = 1_000;

  /** Failures after which a push is a dead letter. */
  static final int TRIES = 3;

  /**
   * How long a push may wait for a provider that can be asked, counted from the entry that was
   * taken first.
   */
  static final long PATIENT_MILLIS = Duration.ofDays(1).toMillis();

  /** However old a push is, it is offered for so long after the user has come to a node. */
  static final long FRESH_MILLIS = Duration.ofHours(1).toMillis();

  /** How far ahead of this node's clock the one that wrote a time may have been, and no more. */
  private static final long SKEW_MILLIS = Duration.ofMinutes(1).toMillis();

  private static final long LONGEST_STEP_MILLIS = Duration.ofMinutes(1).toMillis();

  /** A connected device that goes on acknowledging has that many times the patience. */
  private static final int BUSY = 12;

  /** The last push of a kind. */
  private record Pushed(long seq, long at) {}

  private final UserId me;
  private final PushSettings settings;
  private final Set<Platform> platforms;
  private long since;
  private final Map<PendingPush.Key, PendingPush> owed = new LinkedHashMap<>(4);
  private final Set<PendingPush.Key> dirty = new LinkedHashSet<>(4);
  // Younger than `again`, or they are forgotten; the oldest goes beyond MOST.
  private final LinkedHashMap<PendingPush.Key, Pushed> pushed = new LinkedHashMap<>(4);
  // By number: the last sign of life of connected devices.
  private final Map<Long, Long> heard = new HashMap<>(4);

  PushSchedule(
      UserId me, PushSettings settings, Set<Platform> platforms, PushOutbox durable, long now) {
    this.me = me;
    this.settings = settings;
    this.platforms = platforms;
    this.since = now;
    durable.all().forEach(one -> owed.put(one.key(), one));
  }

  // ---- what is owed

  /**
   * Entries were taken.
   *
   * @return how many pushes were not planned because there are too many
   */
  int taken(UserState state, ConversationRow conversationRow, List<Entry> entries, long now) {
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
      if (need(one, conversationRow, device) == UserPush.Need.WAITS && !owe(one, now)) {
        refused++;
      }
    }
    return refused;
  }

  /** Plan it; false where there is no room. */
  boolean owe(PendingPush one, long now) {
    PendingPush known = owed.get(one.key());
    if (known == null && owed.size() >= MOST) {
      return false;
    }
    put(known != null ? known.upTo(one.seq()) : throttled(one, now));
    return true;
  }

  private PendingPush throttled(PendingPush one, long now) {
    Pushed last = pushed.get(one.key());
    if (last == null) {
      return one;
    }
    long due = Math.min(last.at(), now) + settings.again().toMillis();
    return due <= now ? one : one.notBefore(due);
  }

  private void put(PendingPush one) {
    if (!one.equals(owed.put(one.key(), one))) {
      dirty.add(one.key());
    }
  }

  private void remove(PendingPush.Key key) {
    if (owed.remove(key) != null) {
      dirty.add(key);
    }
  }

  /** Whether the device needs a push for this. */
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
   * No time lies further ahead than it can have been meant to: where the clock was wrong and was
   * set back, nothing is to wait until it is as late again.
   */
  private void bound(long now) {
    since = Math.min(since, now);
    heard.replaceAll((device, at) -> Math.min(at, now));
    for (PendingPush one : List.copyOf(owed.values())) {
      // One that is to be a dead letter waits for nothing.
      long latest = now + SKEW_MILLIS + (one.tries() < TRIES ? longest() : 0);
      PendingPush bounded = one.at() > now + SKEW_MILLIS ? one.takenAt(now) : one;
      put(bounded.due() > latest ? bounded.notBefore(latest) : bounded);
    }
  }

  /** The longest wait there is, in milliseconds. */
  private long longest() {
    long step = Math.max(LONGEST_STEP_MILLIS, settings.backoff().toMillis() << (2 * (TRIES - 1)));
    return Math.max(settings.again().toMillis(), settings.longestWait().toMillis() + 2 * step);
  }

  private boolean configured(Device device) {
    String name = device.pushPlatform();
    return name != null && Platform.of(name).filter(platforms::contains).isPresent();
  }

  /**
   * Forget what is not needed any more.
   *
   * @return how many pushes were spared
   */
  int sweep(UserState state, UnsavedChanges unsavedChanges, long now) {
    bound(now);
    pushed
        .entrySet()
        .removeIf(
            one ->
                one.getValue().at() + settings.again().toMillis() <= now
                    || fetched(one.getKey(), one.getValue().seq(), unsavedChanges));
    if (owed.isEmpty()) {
      return 0;
    }
    Map<Long, Device> devices = new HashMap<>();
    state.devices().values().forEach(device -> devices.put(device.number(), device));
    int spared = 0;
    for (PendingPush one : List.copyOf(owed.values())) {
      UserPush.Need need = need(one, unsavedChanges.get(one.id()), devices.get(one.device()));
      if (need != UserPush.Need.WAITS) {
        remove(one.key());
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
    return owed.values();
  }

  @Nullable PendingPush get(PendingPush.Key key) {
    return owed.get(key);
  }

  boolean isEmpty() {
    return owed.isEmpty();
  }

  // ---- when

  /** A session of the device has come, or acknowledged something. */
  void heard(long device, long now) {
    heard.put(device, now);
  }

  /** The device's session has ended. */
  void silent(long device) {
    heard.remove(device);
  }

  /**
   * When it is to be sent, epoch milliseconds.
   *
   * @param somebody whether any device of the user is connected, or may be about to be again
   */
  long due(PendingPush one, boolean somebody) {
    long patience = settings.patience().toMillis();
    Long alive = heard.get(one.device());
    long due = one.at();
    if (alive != null) {
      due = Math.min(Math.max(due, alive) + patience, due + BUSY * patience);
    } else if (somebody) {
      due += patience;
    }
    if (one.at() < since) {
      // A crash may have cost what conversations and devices said last; they say it again first.
      due = Math.max(due, since + patience);
    }
    return Math.max(due, one.due());
  }

  // ---- what became of it

  /** A provider has taken it, up to seq; what came meanwhile is owed still. */
  void delivered(PendingPush.Key key, long seq, long now) {
    pushed.remove(key);
    pushed.put(key, new Pushed(seq, now));
    if (pushed.size() > MOST) {
      pushed.pollFirstEntry();
    }
    over(key, seq, now);
  }

  /** It is a dead letter, up to seq. */
  void dead(PendingPush.Key key, long seq, long now) {
    over(key, seq, now);
  }

  private void over(PendingPush.Key key, long seq, long now) {
    PendingPush one = owed.get(key);
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
   * A try has failed.
   *
   * @param after the least wait the provider asks for, in milliseconds, or 0
   * @param last whether no other try would do better
   */
  void failed(PendingPush.Key key, String reason, long after, boolean last, long now) {
    PendingPush one = owed.get(key);
    if (one == null) {
      return;
    }
    long step = settings.backoff().toMillis() << (2 * Math.min(one.tries(), 5));
    boolean over = last || one.tries() + 1 >= TRIES;
    long again = over ? now : now + delay(after, step);
    PendingPush failed = one.failed(reason, again);
    if (last) {
      failed =
          new PendingPush(
              one.id(),
              one.device(),
              one.seq(),
              one.at(),
              Math.max(TRIES, failed.tries()),
              again,
              failed.reason());
    }
    put(failed);
  }

  /** What the provider asks for is the least, and not the same for everybody. */
  private long delay(long after, long step) {
    long asked = Math.min(Math.max(0, after), settings.longestWait().toMillis());
    return asked + (long) (step * (0.5 + settings.jitter().getAsDouble()));
  }

  /**
   * The provider was not asked: that costs no try, only time, the more of it the older the push is
   * (an eighth of its age, a minute at most). Until when is not for the journal: after a crash it
   * is offered a little earlier, and an hour without a provider costs no writes. One that is older
   * than {@link #PATIENT_MILLIS} becomes a dead letter; but a user who comes to a node, which may
   * have been down for longer than that, offers it for {@link #FRESH_MILLIS} in any case.
   *
   * @param after the least wait that was asked for, in milliseconds, or 0
   */
  void postponed(PendingPush.Key key, String reason, long after, long now) {
    PendingPush one = owed.get(key);
    if (one == null) {
      return;
    }
    if (now >= Math.max(one.at() + PATIENT_MILLIS, since + FRESH_MILLIS)) {
      failed(key, reason, 0, true, now);
      return;
    }
    long step =
        Math.max(
            settings.backoff().toMillis(), Math.min((now - one.at()) / 8, LONGEST_STEP_MILLIS));
    owed.put(key, one.notBefore(now + delay(after, step)));
  }

  // ---- the journal

  /** Whether the journal knows all of this. */
  boolean isClean() {
    return dirty.isEmpty();
  }

  /** Whether the journal knows this one as it is. */
  boolean isDurable(PendingPush.Key key) {
    return !dirty.contains(key);
  }

  /** The event, with what the journal does not know of the outbox. To be persisted. */
  UserEvent.Flushed into(UserEvent.Flushed event, PushOutbox durable) {
    if (dirty.isEmpty()) {
      return event;
    }
    List<PendingPush> now = new ArrayList<>();
    List<PendingPush.Key> done = new ArrayList<>();
    for (PendingPush.Key key : dirty) {
      PendingPush one = owed.get(key);
      if (one != null) {
        now.add(one);
      } else if (durable.get(key) != null) {
        done.add(key);
      }
    }
    dirty.clear();
    return event.withPushes(now, done);
  }

  /** Forget what the device of a number that is gone was owed. */
  void retain(Predicate<Long> devices) {
    owed.keySet().removeIf(key -> !devices.test(key.device()));
    dirty.removeIf(key -> !devices.test(key.device()));
    heard.keySet().removeIf(devices.negate());
  }
}
