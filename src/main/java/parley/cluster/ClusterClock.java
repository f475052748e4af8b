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
 * The time that this node gives to entries and users: its own clock's, unless the other nodes'
 * clocks say that it is wrong. {@link ClockWatch} compares them.
 *
 * <p>Right is the median of all clocks, this one included; of an even number the lower of the two
 * in the middle. A clock further from it than {@link #TOLERANCE} is not believed, and its node uses
 * the median: so of three nodes one may be hours off, ahead or behind, and no entry shows it. Of
 * two nodes nobody can say which is right: the earlier is taken, because what was written too late
 * in time cannot be taken back, and what was written too early ends with the fault.
 *
 * <p>A node alone has nobody to ask, and believes its clock.
 */
public final class ClusterClock implements InstantSource {
  /** Clocks that are kept by NTP differ by far less; people do not notice it. */
  static final Duration TOLERANCE = Duration.ofSeconds(2);

  private static final Logger LOG = LoggerFactory.getLogger(ClusterClock.class);

  private final InstantSource own;
  private volatile long offset;
  private volatile long correction;

  public ClusterClock(InstantSource own) {
    this.own = own;
  }

  /** Shows how far off the own clock is, and what is done about it. */
  public void meter(Telemetry telemetry) {
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

  /** The own clock, right or wrong. */
  long ownMillis() {
    return own.millis();
  }

  /**
   * Takes what the others' clocks say.
   *
   * @param others by how many milliseconds each other clock is ahead of the own one; none where
   *     nobody answers: then the own clock is believed
   */
  void compared(Collection<Long> others) {
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
          "This node's clock is {} ms off the {} clocks of the cluster: {}",
          -offset,
          all.length,
          correction == 0 ? "believed again" : "the cluster's time is used; check NTP here");
    }
  }
}
