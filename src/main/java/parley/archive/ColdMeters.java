package parley.archive;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import parley.telemetry.Buckets;
import parley.telemetry.Telemetry;

/** The meters of the cold tier. */
final class ColdMeters {
  /**
   * Timer: the time until a read has a verified segment, by {@code from}: {@code cache} or {@code
   * store}. The count of {@code cache} is the number of cache hits.
   */
  static final String READS = "parley.cold.segment.reads";

  /** Counter: reads and writes that failed, by {@code operation} and {@code kind}. */
  static final String FAILURES = "parley.cold.failures";

  /** Counter: segments written, with their manifests. */
  static final String WRITTEN = "parley.cold.segments.written";

  /** Counter: bytes of segments, as they are stored, by {@code direction}. */
  static final String BYTES = "parley.cold.bytes";

  /** Gauge: reads that wait for their turn. */
  static final String WAITING = "parley.cold.reads.waiting";

  /** Gauge: bytes of segments in the cache. */
  static final String CACHE = "parley.cold.cache.bytes";

  /**
   * Gauge: 1 while a circuit breaker refuses calls or tries the first one again, by {@code store}.
   */
  static final String BREAKER_OPEN = "parley.breaker.open";

  /** Counter: how often a circuit breaker began to refuse calls, by {@code store}. */
  static final String BREAKER_OPENED = "parley.breaker.opened";

  private final MeterRegistry registry;
  private final Timer fromCache;
  private final Timer fromStore;
  private final Counter written;
  private final Counter bytesRead;
  private final Counter bytesWritten;

  ColdMeters(Telemetry telemetry) {
    registry = telemetry.registry();
    fromCache = Buckets.coarseTimer(registry, READS, Tags.of("from", "cache"));
    fromStore = Buckets.coarseTimer(registry, READS, Tags.of("from", "store"));
    written = registry.counter(WRITTEN);
    bytesRead = registry.counter(BYTES, "direction", "read");
    bytesWritten = registry.counter(BYTES, "direction", "written");
    for (String operation : new String[] {"read", "write"}) {
      for (String kind : new String[] {"unavailable", "damaged"}) {
        registry.counter(FAILURES, "operation", operation, "kind", kind);
      }
    }
  }

  /** Registers the meters of a breaker, and returns the counter of its openings. */
  Counter breaker(String what, BooleanSupplier open) {
    Tags tags = Tags.of("store", "cold_" + what);
    Gauge.builder(BREAKER_OPEN, () -> open.getAsBoolean() ? 1 : 0).tags(tags).register(registry);
    return registry.counter(BREAKER_OPENED, tags);
  }

  void read(boolean cached, long bytes, long startNanos) {
    (cached ? fromCache : fromStore).record(System.nanoTime() - startNanos, TimeUnit.NANOSECONDS);
    if (!cached) {
      bytesRead.increment((double) bytes);
    }
  }

  void written(long bytes) {
    written.increment();
    bytesWritten.increment((double) bytes);
  }

  /** Counts a failure and returns it as one that the contract names. */
  RuntimeException failed(String operation, Throwable failure) {
    RuntimeException known = ColdFailures.classified(failure);
    if (known instanceof IllegalArgumentException && operation.equals("read")) {
      // The exception comes from a library; the caller's range is not its cause.
      known = new ColdUnavailable("the cold tier cannot be used", known);
    }
    if (known instanceof ColdUnavailable || known instanceof ColdDamaged) {
      String kind = known instanceof ColdDamaged ? "damaged" : "unavailable";
      registry.counter(FAILURES, "operation", operation, "kind", kind).increment();
    }
    return known;
  }
}
