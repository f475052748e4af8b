package parley.port;

import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntSupplier;

/** Counters of a port, readable at any time. */
public final class PortMeters {
  private final IntSupplier open;
  private final IntSupplier limit;
  final LongAdder portFull = new LongAdder();
  final LongAdder addressFull = new LongAdder();
  final LongAdder acceptFailures = new LongAdder();
  final LongAdder malformed = new LongAdder();
  final LongAdder lateHeads = new LongAdder();
  final LongAdder lateBodies = new LongAdder();

  PortMeters(IntSupplier open, IntSupplier limit) {
    this.open = open;
    this.limit = limit;
  }

  /** Connections that are open. */
  public int open() {
    return open.getAsInt();
  }

  /** The most connections that may be open; 0 is no limit. */
  public int limit() {
    return limit.getAsInt();
  }

  /** Connections refused because the port had reached its limit. */
  public long portFull() {
    return portFull.sum();
  }

  /**
   * Connections, and calls that a proxy forwards, refused because their address had reached its
   * limit.
   */
  public long addressFull() {
    return addressFull.sum();
  }

  /** How often a connection could not be accepted, mostly for lack of descriptors. */
  public long acceptFailures() {
    return acceptFailures.sum();
  }

  /** Requests refused for their framing. */
  public long malformed() {
    return malformed.sum();
  }

  /** Connections ended because a head did not come in time. */
  public long lateHeads() {
    return lateHeads.sum();
  }

  /** Connections ended because a body did not come in time. */
  public long lateBodies() {
    return lateBodies.sum();
  }
}
