package parley.user;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;
import parley.model.DeviceId;
import parley.model.UserId;
import parley.push.DeadLetter;
import parley.push.DeadLetters;
import parley.push.Notification;
import parley.push.Platform;
import parley.push.PushOutcome;
import parley.push.PushService;
import parley.telemetry.MessageSpan;

/**
 * Sends the pushes of the {@link PushSchedule} that are due and durable, and records their outcome
 * in the journal.
 *
 * <pre>
 *   Deliver --&gt; PushSchedule --Flushed (with the row)--&gt; PushOutbox --due--&gt; Send --Sent--&gt; Flushed
 *                                  |                        third failure --&gt; DeadLetters --Kept--&gt; Flushed
 *                                  +-- empty again, or after a second a UserReminder: then Dispatched to the conversation
 * </pre>
 *
 * <p>After a crash, a push that was handed to the provider and whose answer is not in the journal
 * is sent again, because the journal cannot know the answer. Nothing else is sent twice. At most
 * {@value #IN_FLIGHT} pushes are in flight. The others wait in the outbox, and messages wait for
 * none of them.
 */
final class PushSender {
  /** The most pushes of one user in flight. */
  static final int IN_FLIGHT = 8;

  /**
   * The most calls of operators that wait until their push is safe from a crash: one batch of dead
   * letters.
   */
  static final int MAX_WAITING_CALLS = DeadLetters.PAGE;

  /**
   * How long a push is pending in the journal before this user asks for a reminder, and how long it
   * waits before it asks again. Most pushes are done by then. Shorter than {@code
   * MemberPosition.FIRST_PAUSE}, after which a conversation repeats its entries.
   */
  static final long REMINDER_DELAY_MILLIS = 1_000;

  private static final long NEVER = Long.MAX_VALUE;
  private static final long LETTER_RETRY_MILLIS = 10_000;
  private static final long SHORTEST_WAIT_MILLIS = 10;

  /**
   * A push, or a dead letter, in flight.
   *
   * @param token null for a dead letter
   * @param span the part of the message's trace; null if it is not traced
   */
  private record Flight(
      PendingPush.Key key,
      long seq,
      long since,
      DeviceId device,
      @Nullable String token,
      @Nullable MessageSpan span) {
    /** The same with a start time that is not after {@code now}. */
    Flight startedBy(long now) {
      return since <= now ? this : new Flight(key, seq, now, device, token, span);
    }
  }

  private final UserId id;
  private final PushDependencies pushDependencies;
  private final PushSchedule schedule;
  private final UnsavedChanges unsavedChanges;
  private final PushTrails trails;
  private final ActorContext<User.Command> context;
  private final TimerScheduler<User.Command> timers;
  private final Map<Long, Flight> flights = new LinkedHashMap<>(2);
  private final Set<PendingPush.Key> keysInFlight = new HashSet<>(2);
  private final RecentPushes recent = new RecentPushes();
  private final List<Runnable> whenCrashSafe = new ArrayList<>(0);
  private @Nullable ActorRef<PushService.Sent> sent;
  private @Nullable ActorRef<DeadLetters.Kept> kept;
  private long lastReference;

  private boolean reminded;
  private long reminderNumber;
  private long nextReminderRequestAt = NEVER;
  private long wakeAt;

  PushSender(
      UserId id,
      PushDependencies pushDependencies,
      PushSchedule plan,
      UnsavedChanges unsavedChanges,
      PushTrails trails,
      ActorContext<User.Command> context,
      TimerScheduler<User.Command> timers) {
    this.id = id;
    this.trails = trails;
    this.pushDependencies = pushDependencies;
    this.schedule = plan;
    this.unsavedChanges = unsavedChanges;
    this.context = context;
    this.timers = timers;
  }

  /**
   * Sends what is due, and schedules the next call for the time when something is.
   *
   * @param anyDeviceConnected whether any device is connected, or may be about to come back
   */
  void sendDue(UserState state, boolean anyDeviceConnected, long now) {
    sweep(state, now);
    long next = Math.min(requestReminder(state, now), expireUnanswered(now));
    for (PendingPush one : List.copyOf(schedule.all())) {
      if (keysInFlight.contains(one.key()) || !schedule.isDurable(one.key())) {
        continue;
      }
      long due = schedule.due(one, anyDeviceConnected);
      if (due > now) {
        next = Math.min(next, due);
      } else if (flights.size() < IN_FLIGHT) {
        next = Math.min(next, send(state, one, now));
      }
    }
    wakeAt(next, now);
  }

  /** Drops the pushes that are no longer needed; the next flush writes this to the journal. */
  void sweep(UserState state, long now) {
    int spared = schedule.sweep(state, unsavedChanges, now);
    if (spared > 0) {
      pushDependencies.meters().spared.increment(spared);
    }
  }

  /**
   * Schedules the next call of {@link #sendDue} for this time at the latest.
   *
   * @param next epoch milliseconds; {@link Long#MAX_VALUE} for never
   */
  void wakeAt(long next, long now) {
    if (next == NEVER) {
      return;
    }
    if (!timers.isTimerActive(UserInternal.PushDue.class) || next < wakeAt || wakeAt <= now) {
      wakeAt = next;
      timers.startSingleTimer(
          UserInternal.PushDue.class,
          new UserInternal.PushDue(),
          Duration.ofMillis(Math.max(SHORTEST_WAIT_MILLIS, next - now)));
    }
  }

  /**
   * Sends the push, or stores it as a dead letter. Returns when to check again, epoch milliseconds.
   */
  private long send(UserState state, PendingPush one, long now) {
    Device device = state.device(one.device());
    String token = device == null ? null : device.pushToken();
    Platform platform =
        device == null || device.pushPlatform() == null
            ? null
            : Platform.of(device.pushPlatform()).orElse(null);
    if (device == null || !device.pushable() || token == null || platform == null) {
      // The sweep before this call has dropped every push without a device or token.
      return Long.MAX_VALUE;
    }
    long number = ++lastReference;
    boolean dead = one.tries() >= PushSchedule.MAX_FAILURES;
    MessageSpan span = dead ? null : trails.sent(one, platform.wireName());
    flights.put(
        number, new Flight(one.key(), one.seq(), now, device.id(), dead ? null : token, span));
    keysInFlight.add(one.key());
    if (dead) {
      String reason = one.reason() == null ? "unknown" : one.reason();
      pushDependencies
          .letters()
          .keep(
              new DeadLetter(
                  id,
                  device.id(),
                  platform.wireName(),
                  one.id(),
                  one.seq(),
                  reason,
                  one.tries(),
                  now),
              number,
              kept());
      return now + LETTER_RETRY_MILLIS;
    }
    pushDependencies
        .sender()
        .send(
            new PushService.Send(
                new Notification(platform, token, one.id(), one.seq(), badge(), true),
                number,
                sent()));
    return now + pushDependencies.settings().answer().toMillis();
  }

  private long badge() {
    long unread = 0;
    for (VisibleRow visibleRow : unsavedChanges.rows()) {
      unread += visibleRow.unread();
    }
    return Math.max(0, unread);
  }

  private ActorRef<PushService.Sent> sent() {
    if (sent == null) {
      sent =
          context.messageAdapter(
              PushService.Sent.class, s -> new UserInternal.PushSent(s.reference(), s.outcome()));
    }
    return sent;
  }

  private ActorRef<DeadLetters.Kept> kept() {
    if (kept == null) {
      kept =
          context.messageAdapter(
              DeadLetters.Kept.class, k -> new UserInternal.LetterKept(k.reference()));
    }
    return kept;
  }

  /** Ends what was not answered in time: a push has failed, and a dead letter is sent again. */
  private long expireUnanswered(long now) {
    // The clock may have been set back.
    flights.replaceAll((number, flight) -> flight.startedBy(now));
    long next = Long.MAX_VALUE;
    for (Map.Entry<Long, Flight> one : List.copyOf(flights.entrySet())) {
      Flight flight = one.getValue();
      boolean letter = flight.token() == null;
      long end =
          flight.since()
              + (letter ? LETTER_RETRY_MILLIS : pushDependencies.settings().answer().toMillis());
      if (end > now) {
        next = Math.min(next, end);
        continue;
      }
      removeFlight(one.getKey());
      if (!letter) {
        pushDependencies.meters().retried.increment();
        trails.unanswered(flight.span());
        schedule.failed(flight.key(), "no_answer", 0, false, now);
      }
    }
    return next;
  }

  private @Nullable Flight removeFlight(long number) {
    Flight flight = flights.remove(number);
    if (flight != null) {
      keysInFlight.remove(flight.key());
    }
    return flight;
  }

  /**
   * Handles the provider's answer.
   *
   * @return the device whose push token is gone and must be removed, or null
   */
  @Nullable DeviceId sent(UserState state, UserInternal.PushSent answer, long now) {
    Flight flight = removeFlight(answer.reference());
    if (flight == null) {
      return null;
    }
    trails.answered(flight.key(), flight.seq(), answer.outcome(), flight.span(), now);
    PushOutboxMeters meters = pushDependencies.meters();
    switch (answer.outcome()) {
      case PushOutcome.Delivered o -> {
        meters.delivered.increment();
        recent.sent(flight.key(), flight.seq(), tries(flight), now);
        schedule.delivered(flight.key(), flight.seq(), now);
      }
      case PushOutcome.Retry o -> {
        meters.retried.increment();
        long after = o.after() == null ? 0 : o.after().toMillis();
        if (o.withoutVerdict()) {
          schedule.postponed(flight.key(), o.reason(), after, now);
        } else {
          schedule.failed(flight.key(), o.reason(), after, false, now);
        }
      }
      case PushOutcome.Refused o -> schedule.failed(flight.key(), o.reason(), 0, true, now);
      case PushOutcome.Gone o -> {
        Device device = state.devices().get(flight.device());
        if (device == null || !Objects.equals(device.pushToken(), flight.token())) {
          // The device has another token by now, or none; a pending push uses that.
          return null;
        }
        long found = o.since() > 0 ? o.since() : flight.since();
        if (device.pushAt() <= found) {
          meters.gone.increment();
          return device.id();
        }
        meters.retried.increment();
        schedule.failed(flight.key(), o.reason(), 0, false, now);
      }
    }
    return null;
  }

  /** The dead letter is durable. */
  void letterKept(UserInternal.LetterKept answer, long now) {
    Flight flight = removeFlight(answer.reference());
    if (flight != null) {
      pushDependencies.meters().dead.increment();
      PendingPush dead = schedule.get(flight.key());
      String reason = dead == null || dead.reason() == null ? "unknown" : dead.reason();
      recent.deadLettered(flight.key(), flight.seq(), tries(flight), reason, now);
      schedule.deadLettered(flight.key(), flight.seq(), now);
    }
  }

  private int tries(Flight flight) {
    PendingPush one = schedule.get(flight.key());
    return one == null ? 0 : one.tries();
  }

  /** How the latest pushes have ended. */
  RecentPushes recent() {
    return recent;
  }

  /** Whether the push, or its dead letter, was handed over and not answered yet. */
  boolean isInFlight(PendingPush.Key key) {
    return keysInFlight.contains(key);
  }

  /** Counts pushes that were not planned because too many are pending. */
  void countUnplanned(int refused) {
    if (refused > 0) {
      pushDependencies.meters().full.increment(refused);
    }
  }

  // ---- the reminder

  /**
   * Whether pending pushes survive a crash of this node. Only then may a conversation get its
   * acknowledgement.
   */
  boolean isCrashSafe(UserState state) {
    return reminded || state.outbox().isEmpty();
  }

  /** Whether one more action may wait for {@link #isCrashSafe}. Ask before the push is planned. */
  boolean hasRoom() {
    return whenCrashSafe.size() < MAX_WAITING_CALLS;
  }

  /**
   * Runs the action as soon as {@link #isCrashSafe} is true. Only allowed after {@link #hasRoom}.
   */
  void whenCrashSafe(UserState state, Runnable action) {
    if (isCrashSafe(state)) {
      action.run();
    } else {
      whenCrashSafe.add(action);
    }
  }

  /**
   * Runs the actions that waited for {@link #isCrashSafe}, if it is true now. Returns whether it
   * is.
   */
  boolean runIfCrashSafe(UserState state) {
    if (!isCrashSafe(state)) {
      return false;
    }
    List<Runnable> waited = List.copyOf(whenCrashSafe);
    whenCrashSafe.clear();
    waited.forEach(Runnable::run);
    return true;
  }

  /**
   * Asks for a reminder if pushes stay pending. A reminder costs two writes, so it is requested
   * only if the outbox does not become empty soon. Nothing depends on the reminder until then: the
   * conversations of the pending entries have no acknowledgement, have a reminder of their own, and
   * deliver to this user again after a crash. An operator who repeats a dead letter still has the
   * letter.
   */
  private long requestReminder(UserState state, long now) {
    if (isCrashSafe(state)) {
      nextReminderRequestAt = NEVER;
      return NEVER;
    }
    // The clock may have been set back.
    nextReminderRequestAt = Math.min(nextReminderRequestAt, now + REMINDER_DELAY_MILLIS);
    if (nextReminderRequestAt <= now) {
      nextReminderRequestAt = now + REMINDER_DELAY_MILLIS;
      pushDependencies
          .reminders()
          .tell(id, new UserReminder.Keep(reminderNumber, context.getSelf()));
    }
    return nextReminderRequestAt;
  }

  /** The reminder exists durably. */
  void reminded(UserPush.Reminded answer) {
    // Ignores the answer to a request from before the last release.
    reminded |= answer.nr() == reminderNumber;
  }

  /** Releases the reminder if no push is pending. Returns whether that is so. */
  boolean release(UserState state) {
    if (!state.outbox().isEmpty() || !schedule.isEmpty()) {
      return false;
    }
    reminded = false;
    reminderNumber++;
    nextReminderRequestAt = NEVER;
    pushDependencies.reminders().tell(id, new UserReminder.Release());
    return true;
  }

  /** Whether a reminder exists that this user has not released. */
  boolean hasReminder() {
    return reminded;
  }

  /** Whether the user can leave memory as far as pushes are concerned. */
  boolean canPassivate(UserState state) {
    return schedule.isEmpty() && state.outbox().isEmpty() && flights.isEmpty();
  }
}
