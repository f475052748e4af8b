package parley.user;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** What users count of their push notifications. Safe from any thread. */
public final class PushOutboxMeters {
  /** Counter: notifications that devices were owed, by what came of them: {@code outcome}. */
  public static final String OWED = "parley.push.owed";

  /** Handed to a provider that took it. */
  final Counter delivered;

  /** Failed, to be tried again. */
  final Counter retried;

  /** Failed for good, kept as a dead letter. */
  final Counter dead;

  /** The token was gone, and was removed. */
  final Counter gone;

  /** Fetched, read, muted or otherwise not needed any more before it was sent. */
  final Counter spared;

  /** Not owed at all: the user's outbox was full. */
  final Counter full;

  /** Meters in that registry, the node's. */
  public PushOutboxMeters(MeterRegistry registry) {
    delivered = registry.counter(OWED, "outcome", "delivered");
    retried = registry.counter(OWED, "outcome", "retried");
    dead = registry.counter(OWED, "outcome", "dead_letter");
    gone = registry.counter(OWED, "outcome", "token_gone");
    spared = registry.counter(OWED, "outcome", "spared");
    full = registry.counter(OWED, "outcome", "outbox_full");
  }
}
