package parley.user;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** Counters of users' push notifications. Thread-safe. */
public final class PushOutboxMeters {
  /** Counter: pending push notifications, by their {@code outcome}. */
  public static final String OUTCOMES = "parley.push.outcomes";

  /** A provider has accepted the push. */
  final Counter delivered;

  /** An attempt has failed, and another one follows. */
  final Counter retried;

  /** The push has failed for good and is kept as a dead letter. */
  final Counter dead;

  /** The provider reported the push token as gone, and it was removed. */
  final Counter gone;

  /**
   * The push was dropped before it was sent, because its entry was fetched, read or muted, or it
   * was not needed for another reason.
   */
  final Counter spared;

  /** The push was not planned, because the user's outbox was full. */
  final Counter full;

  /**
   * Registers the counters.
   *
   * @param registry the node's registry
   */
  public PushOutboxMeters(MeterRegistry registry) {
    delivered = registry.counter(OUTCOMES, "outcome", "delivered");
    retried = registry.counter(OUTCOMES, "outcome", "retried");
    dead = registry.counter(OUTCOMES, "outcome", "dead_letter");
    gone = registry.counter(OUTCOMES, "outcome", "token_gone");
    spared = registry.counter(OUTCOMES, "outcome", "spared");
    full = registry.counter(OUTCOMES, "outcome", "outbox_full");
  }
}
