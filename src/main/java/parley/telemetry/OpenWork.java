package parley.telemetry;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Work that many entities of a node have open at a time, such as entries that nobody has
 * acknowledged. Gauges show the sum, and the age of the oldest. An entity reports its own part when
 * it looks at it anyway, which is cheap. A scrape adds up the parts that are not empty.
 * Thread-safe; never blocks.
 *
 * <p>A part knows neither the name of its entity nor anything else about it.
 */
public final class OpenWork {
  private record Open(long amount, long since) {}

  private final Map<Part, Open> parts = new ConcurrentHashMap<>();
  private final InstantSource clock;

  OpenWork(InstantSource clock) {
    this.clock = clock;
  }

  /** Registers the gauge of the sum. */
  OpenWork withSum(MeterRegistry registry, String name, Tags tags) {
    Gauge.builder(name, this, OpenWork::sum).tags(tags).register(registry);
    return this;
  }

  /** Registers the gauge of the age of the oldest, in seconds; 0 if nothing is open. */
  OpenWork withAge(MeterRegistry registry, String name) {
    Gauge.builder(name, this, OpenWork::ageSeconds).baseUnit("seconds").register(registry);
    return this;
  }

  /** The part of one entity. The entity must end it when it stops. */
  public Part part() {
    return new Part();
  }

  /** What is open on this node. */
  public long sum() {
    long sum = 0;
    for (Open open : parts.values()) {
      sum += open.amount();
    }
    return sum;
  }

  /** The age of the oldest in seconds, 0 if nothing is open. */
  public double ageSeconds() {
    long oldest = Long.MAX_VALUE;
    for (Open open : parts.values()) {
      oldest = Math.min(oldest, open.since());
    }
    return oldest == Long.MAX_VALUE ? 0 : Math.max(0, clock.millis() - oldest) / 1_000.0;
  }

  /** What one entity has open. Used by one thread at a time. */
  public final class Part {
    private Part() {}

    /**
     * Reports what is open.
     *
     * @param amount 0 if nothing is
     * @param since when the oldest of it began, epoch milliseconds; ignored if nothing is open
     */
    public void set(long amount, long since) {
      if (amount > 0) {
        parts.put(this, new Open(amount, since));
      } else {
        parts.remove(this);
      }
    }

    /** The entity stops. */
    public void end() {
      parts.remove(this);
    }
  }
}
