package parley.cluster;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Collection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.telemetry.Telemetry;

/**
 * The clock for entries and users: this node's own clock, corrected if the clocks of the other
 * nodes disagree with it. {@link ClockWatch} compares them.
 *
 * <p>The median of all clocks is taken as right, this node's clock included; of an even number of
 * clocks, the earlier of the two in the middle. If the own clock is further from the median than
 * {@link #TOLERANCE}, this node uses the median. So one of three nodes may be hours ahead or
 * behind, and no entry shows it. With two nodes nobody can say which clock is right. Then the
 * earlier one is used, because entries with a time that is too late cannot be taken back, while
 * times that are too early end with the fault.
 *
 * <p>A node without others uses its own clock.
 */
public final class ClusterClock implements InstantSource {
  /**
   * The largest difference from the median that is accepted. Clocks that are kept by NTP differ by
   * far less, and people do not notice this much.
   */
  static final Duration TOLERANCE = Duration.ofSeconds(2);

  private static final Logger LOG = LoggerFactory.getLogger(ClusterClock.class);

  private final InstantSource own;
  private volatile long offset;
  private volatile long correction;

  public ClusterClock(InstantSource own) {
    this.own = own;
  }

  /** Registers gauges of the offset from the median and of the correction in use. */
  public void registerMeters(Telemetry telemetry) {
    telemetry.gauge("parley.clock.offset.seconds", () -> offset / 1_000.0);
    telemetry.gauge("parley.clock.correction.seconds", () -> correction / 1_000.0);
  }

  @Override
  public Instant instant() {
    return Instant.ofEpochMilli(millis());
  }

  @Override
  public long millis() {
    return own.millis() + correction;
  }

  /** The own clock, uncorrected, in epoch milliseconds. */
  long ownMillis() {
    return own.millis();
  }

  /**
   * Computes the correction from the other nodes' clocks.
   *
   * @param others by how many milliseconds each other clock is ahead of the own one; empty if no
   *     node answers, and then the own clock is used
   */
  void updateCorrection(Collection<Long> others) {
    long[] all = new long[others.size() + 1];
    int next = 1;
    for (long other : others) {
      all[next++] = other;
    }
    Arrays.sort(all);
    offset = all[(all.length - 1) / 2];
    long before = correction;
    correction = Math.abs(offset) > TOLERANCE.toMillis() ? offset : 0;
    if (Math.abs(correction - before) > TOLERANCE.toMillis()) {
      LOG.warn(
          "This node's clock is {} ms off the median of the cluster's {} clocks: {}",
          -offset,
          all.length,
          correction == 0 ? "it is used again" : "the median is used; check NTP here");
    }
  }
}
