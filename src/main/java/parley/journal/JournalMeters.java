package parley.journal;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import parley.telemetry.Buckets;
import parley.telemetry.EntityKinds;
import parley.telemetry.ProcessMeters;

/**
 * Meters of what a journal writes, by {@code entity}, the {@linkplain EntityKinds kind of entity}.
 * Thread-safe.
 */
public final class JournalMeters {
  /** Timer: from the arrival of an event at the journal until it is durable. */
  public static final String WRITE_TIME = "parley.journal.write.time";

  /** Counter: events that were not written, or whose outcome is unknown. */
  public static final String WRITE_FAILURES = "parley.journal.write.failures";

  /** Summary: bytes of an event as it is stored. */
  public static final String EVENT_BYTES = "parley.event.bytes";

  private record Meters(Timer time, Counter failures, DistributionSummary bytes) {}

  private static final JournalMeters PROCESS = new JournalMeters(ProcessMeters.registry());

  private final Map<String, Meters> kinds = new HashMap<>();

  JournalMeters(MeterRegistry registry) {
    for (String kind : EntityKinds.ALL) {
      Tags tags = Tags.of("entity", kind);
      kinds.put(
          kind,
          new Meters(
              Buckets.timer(registry, WRITE_TIME, tags),
              registry.counter(WRITE_FAILURES, tags),
              Buckets.bytes(registry, EVENT_BYTES, tags)));
    }
  }

  /** The meters of this process, for plugins. */
  public static JournalMeters ofProcess() {
    return PROCESS;
  }

  /**
   * A write has ended.
   *
   * @param nanos how long it took
   * @param failed whether it failed, or its outcome is not known
   */
  public void written(String persistenceId, long nanos, boolean failed) {
    Meters meters = of(persistenceId);
    if (failed) {
      meters.failures().increment();
    } else {
      meters.time().record(Math.max(0, nanos), TimeUnit.NANOSECONDS);
    }
  }

  /** An event of this size is written. */
  public void event(String persistenceId, int bytes) {
    of(persistenceId).bytes().record(bytes);
  }

  private Meters of(String persistenceId) {
    return Objects.requireNonNull(kinds.get(EntityKinds.of(persistenceId)));
  }
}
