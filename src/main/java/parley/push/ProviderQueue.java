package parley.push;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * One provider's part of {@link PushService}: places in flight, a bounded queue, and a pause while
 * the provider is unreachable. Plain state of the actor, not thread-safe. All times are nanoseconds
 * of {@link System#nanoTime()}.
 *
 * <pre>
 *   offer ──▶ in flight (≤ limit) ──▶ answered
 *     │            │ timeout: answer {@code timeout}; the place is freed when the client is done
 *     ├──▶ queue (≤ limit) ── timeout: answer {@code busy}
 *     ├──▶ queue full: answer {@code busy}
 *     └──▶ paused: answer {@code unreachable} with the remaining pause
 * </pre>
 *
 * <p>A pause begins when the client cannot reach the provider. It lasts 1 s and doubles with each
 * failed attempt, up to 30 s. After the pause one notification is sent alone, and the others wait
 * for its outcome. Without the pause, every user of a node would try to connect to an unreachable
 * provider, and the provider's client would queue all these notifications.
 */
final class ProviderQueue {
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  /** Callbacks of the queue, implemented by the actor. */
  interface Callbacks {
    /**
     * Passes a notification to the provider's client. When the client is done, the actor calls
     * {@link ProviderQueue#clientCompleted} with the same ticket.
     */
    void send(long ticket, Notification notification);

    /**
     * Sends the only answer to a {@link PushService.Send}.
     *
     * @param nanos time since the offer
     */
    void answer(PushService.Send send, PushOutcome pushOutcome, long nanos);
  }

  private record PendingSend(PushService.Send send, long offeredAt) {}

  private final int maxInFlight;
  private final int queueLimit;
  private final long timeout;
  private final Callbacks callbacks;

  /**
   * Notifications in flight and in the queue by ticket, in order of arrival and so of their
   * deadlines.
   */
  private final LinkedHashMap<Long, PendingSend> unanswered = new LinkedHashMap<>();

  private final Deque<Long> queue = new ArrayDeque<>();
  private long nextTicket;
  private int inFlightCount;
  private boolean probing;
  private int consecutivePauses;
  private long pausedUntil;
  private boolean paused;

  ProviderQueue(PushLimits pushLimits, int atOnce, Callbacks callbacks) {
    this.maxInFlight = Math.min(pushLimits.inFlight(), atOnce);
    this.queueLimit = pushLimits.queue();
    this.timeout = pushLimits.timeout().toNanos();
    this.callbacks = callbacks;
  }

  void offer(PushService.Send send, long now) {
    if (paused && pausedUntil - now > 0) {
      Duration left = Duration.ofNanos(pausedUntil - now);
      callbacks.answer(send, new PushOutcome.Retry(left, FailureReasons.UNREACHABLE), 0);
      return;
    }
    paused = false;
    long ticket = nextTicket++;
    if (inFlightCount < allowedInFlight()) {
      unanswered.put(ticket, new PendingSend(send, now));
      sendToClient(ticket, send);
    } else if (queue.size() < queueLimit) {
      unanswered.put(ticket, new PendingSend(send, now));
      queue.add(ticket);
    } else {
      callbacks.answer(send, new PushOutcome.Retry(null, FailureReasons.BUSY), 0);
    }
  }

  /**
   * The client is done with a notification, before or after its timeout.
   *
   * @return whether a pause begins now
   */
  boolean clientCompleted(long ticket, PushOutcome pushOutcome, long now) {
    inFlightCount--;
    PendingSend pendingSend = unanswered.remove(ticket);
    if (pendingSend != null) {
      callbacks.answer(pendingSend.send(), pushOutcome, now - pendingSend.offeredAt());
    }
    boolean pauses = updatePause(pushOutcome, now);
    while (!paused && inFlightCount < allowedInFlight() && !queue.isEmpty()) {
      long next = queue.remove();
      PendingSend queued = unanswered.get(next);
      if (queued != null) {
        sendToClient(next, queued.send());
      }
    }
    return pauses;
  }

  private boolean updatePause(PushOutcome pushOutcome, long now) {
    if (pushOutcome instanceof PushOutcome.Retry retry) {
      switch (retry.reason()) {
        case FailureReasons.UNREACHABLE -> {
          if (paused) {
            // Sent together with the notification whose failure began this pause: no second pause.
            return false;
          }
          pause(now);
          return true;
        }
        case FailureReasons.TIMEOUT, FailureReasons.FAILED, FailureReasons.UNANSWERED -> {
          return false;
        }
        default -> {}
      }
    }
    probing = false;
    consecutivePauses = 0;
    return false;
  }

  private void pause(long now) {
    long length =
        Math.min(FIRST_PAUSE.toNanos() << Math.min(consecutivePauses, 10), LONGEST_PAUSE.toNanos());
    consecutivePauses++;
    paused = true;
    probing = true;
    pausedUntil = now + length;
    List<Long> waiting = new ArrayList<>(queue);
    queue.clear();
    for (long ticket : waiting) {
      PendingSend queued = unanswered.remove(ticket);
      if (queued != null) {
        callbacks.answer(
            queued.send(),
            new PushOutcome.Retry(Duration.ofNanos(length), FailureReasons.UNREACHABLE),
            now - queued.offeredAt());
      }
    }
  }

  /** Answers every notification whose deadline has passed. */
  void expire(long now) {
    for (Map.Entry<Long, PendingSend> first = oldestUnanswered();
        first != null;
        first = oldestUnanswered()) {
      PendingSend pendingSend = first.getValue();
      if (pendingSend.offeredAt() + timeout - now > 0) {
        return;
      }
      long ticket = first.getKey();
      unanswered.remove(ticket);
      boolean queued = queue.remove(ticket);
      callbacks.answer(
          pendingSend.send(),
          new PushOutcome.Retry(null, queued ? FailureReasons.BUSY : FailureReasons.TIMEOUT),
          now - pendingSend.offeredAt());
    }
  }

  /** Answers every notification with {@code stopping}; nothing is sent afterwards. */
  void stop(long now) {
    List<PendingSend> all = new ArrayList<>(unanswered.values());
    unanswered.clear();
    queue.clear();
    for (PendingSend pendingSend : all) {
      callbacks.answer(
          pendingSend.send(),
          new PushOutcome.Retry(null, FailureReasons.STOPPING),
          now - pendingSend.offeredAt());
    }
  }

  /** The earliest deadline, at which {@link #expire} has to run; empty if nothing waits. */
  OptionalLong deadline() {
    Map.Entry<Long, PendingSend> first = oldestUnanswered();
    return first == null
        ? OptionalLong.empty()
        : OptionalLong.of(first.getValue().offeredAt() + timeout);
  }

  /** Remaining time of the current pause; zero if there is none. */
  Duration remainingPause(long now) {
    return paused ? Duration.ofNanos(Math.max(0, pausedUntil - now)) : Duration.ZERO;
  }

  int inFlight() {
    return inFlightCount;
  }

  int queued() {
    return queue.size();
  }

  private Map.@Nullable Entry<Long, PendingSend> oldestUnanswered() {
    return unanswered.isEmpty() ? null : unanswered.entrySet().iterator().next();
  }

  private int allowedInFlight() {
    return probing ? 1 : maxInFlight;
  }

  private void sendToClient(long ticket, PushService.Send send) {
    inFlightCount++;
    callbacks.send(ticket, send.notification());
  }
}
