package parley.calendar;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The meters of the calendar's clocks on this node. Thread-safe. */
public final class CalendarMeters {
  /** Gauge: by how many days the clock that is furthest behind is late; 0 if none is. */
  static final String BEHIND = "parley.archive.behind";

  /** Counter: conversations put off to a later day, because they did not archive when asked. */
  static final String POSTPONED = "parley.archive.postponed";

  /** Number of a clock → days it is late. */
  private final Map<Integer, Long> clocks = new ConcurrentHashMap<>();

  private final Counter postponed;

  /** Registers the meters. */
  public CalendarMeters(MeterRegistry registry) {
    Gauge.builder(BEHIND, this::daysBehind).baseUnit("days").register(registry);
    postponed = registry.counter(POSTPONED);
  }

  /**
   * A clock tells where it is.
   *
   * @param daysBehind 0 or less if it works on today, or on a day to come
   */
  void clockTicked(int number, long daysBehind) {
    clocks.put(number, daysBehind);
  }

  /** A clock stops, or goes on at another node. */
  void clockStopped(int number) {
    clocks.remove(number);
  }

  void postponed() {
    postponed.increment();
  }

  private long daysBehind() {
    return Math.max(0, clocks.values().stream().mapToLong(Long::longValue).max().orElse(0));
  }
}
