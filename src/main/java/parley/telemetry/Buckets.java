package parley.telemetry;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;

/** Histograms with fixed buckets. All nodes have the same, so that a query may add them up. */
public final class Buckets {
  /** Bounds of times that users feel: the goals of 40, 80, 100 and 150 ms are among them. */
  private static final Duration[] TIMES = {
    Duration.ofMillis(1),
    Duration.ofMillis(2),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(25),
    Duration.ofMillis(40),
    Duration.ofMillis(80),
    Duration.ofMillis(100),
    Duration.ofMillis(150),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofMillis(2500),
    Duration.ofSeconds(10)
  };

  /** Fewer bounds, for times with many series. */
  private static final Duration[] FEW_TIMES = {
    Duration.ofMillis(10),
    Duration.ofMillis(40),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofSeconds(1),
    Duration.ofSeconds(5)
  };

  private static final double[] BYTES = {1_024, 4_096, 16_384, 65_536, 262_144};

  private Buckets() {}

  /** A timer with all bounds. */
  public static Timer timer(MeterRegistry registry, String name, Tags tags) {
    return Timer.builder(name).tags(tags).serviceLevelObjectives(TIMES).register(registry);
  }

  /** A timer with few bounds. */
  public static Timer coarseTimer(MeterRegistry registry, String name, Tags tags) {
    return Timer.builder(name).tags(tags).serviceLevelObjectives(FEW_TIMES).register(registry);
  }

  /** A summary of sizes in bytes. */
  public static DistributionSummary bytes(MeterRegistry registry, String name, Tags tags) {
    return DistributionSummary.builder(name)
        .tags(tags)
        .baseUnit("bytes")
        .serviceLevelObjectives(BYTES)
        .register(registry);
  }
}
