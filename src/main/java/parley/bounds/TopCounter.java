package parley.bounds;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Finds the keys that occur most often, in bounded memory: the algorithm of Misra and Gries
 * ("Finding repeated elements", 1982), over the period that runs and the one before it.
 *
 * <p>A period holds at most a given number of keys. A further key takes one from the count of each,
 * and those at zero leave. So a count is never too high, and too low by at most {@link Top#error}:
 * the total divided by the number of keys. Whoever has a greater share than that is shown. Such a
 * step costs as much as there are keys, but each is paid for by as many occurrences before it: on
 * average an occurrence costs one or two operations on a map.
 *
 * <p>Thread-safe; holds a lock for that time only.
 */
public final class TopCounter {
  /** Nanoseconds of a period. */
  private final long period;

  private final int keys;
  private final LongSupplier nanos;
  private Period current;
  private Period before;

  /**
   * A key and how often it occurred.
   *
   * @param count at most {@link Top#error} too low
   */
  public record Counted(String key, long count) {}

  /**
   * The keys that occurred most often.
   *
   * @param seconds how long was counted: from one period to two
   * @param total occurrences of all keys in that time
   * @param error by how much a count may be too low, at most
   * @param counted the most frequent first
   */
  public record Top(long seconds, long total, long error, List<Counted> counted) {}

  private static final class Period {
    final long start;
    final Map<String, Long> counts = new HashMap<>();
    long total;
    long taken;

    Period(long start) {
      this.start = start;
    }
  }

  /**
   * Starts with nothing.
   *
   * @param keys the most keys of a period
   * @param period nanoseconds of a period
   * @param nanos a clock that never goes back, as {@link System#nanoTime}
   */
  public TopCounter(int keys, long period, LongSupplier nanos) {
    this.keys = keys;
    this.period = period;
    this.nanos = nanos;
    long now = nanos.getAsLong();
    this.current = new Period(now);
    this.before = new Period(now);
  }

  /** Counts an occurrence. */
  public synchronized void add(String key) {
    move();
    current.total++;
    Long known = current.counts.get(key);
    if (known != null) {
      current.counts.put(key, known + 1);
    } else if (current.counts.size() < keys) {
      current.counts.put(key, 1L);
    } else {
      takeOneFromEach();
    }
  }

  private void takeOneFromEach() {
    current.taken++;
    for (Iterator<Map.Entry<String, Long>> all = current.counts.entrySet().iterator();
        all.hasNext(); ) {
      Map.Entry<String, Long> one = all.next();
      if (one.getValue() == 1) {
        all.remove();
      } else {
        one.setValue(one.getValue() - 1);
      }
    }
  }

  private void move() {
    long now = nanos.getAsLong();
    long past = now - current.start;
    if (past >= period) {
      boolean next = past < 2 * period;
      before = next ? current : new Period(now - period);
      current = new Period(next ? current.start + period : now);
    }
  }

  /** The keys that occurred most often in this period and the one before. */
  public synchronized Top top(int most) {
    move();
    Map<String, Long> sums = new HashMap<>(before.counts);
    current.counts.forEach((key, count) -> sums.merge(key, count, Long::sum));
    List<Counted> all = new ArrayList<>();
    sums.forEach((key, count) -> all.add(new Counted(key, count)));
    all.sort(Comparator.comparingLong(Counted::count).reversed().thenComparing(Counted::key));
    return new Top(
        (nanos.getAsLong() - before.start) / 1_000_000_000L,
        before.total + current.total,
        before.taken + current.taken,
        List.copyOf(all.subList(0, Math.min(most, all.size()))));
  }
}
