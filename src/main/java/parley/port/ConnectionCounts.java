package parley.port;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts connections in total and by address. Thread-safe, never blocks. The map has an entry for
 * each address that has a connection or a forwarded call now, so it is as bounded as they are.
 *
 * <p>An IPv6 client owns at least a /64, so a /64 counts as one address.
 */
final class ConnectionCounts {
  /** Whether a connection is admitted. */
  enum Admission {
    /** The connection is counted; it must be released when it has ended. */
    ADMITTED,
    /** The port has reached its limit. */
    PORT_FULL,
    /** The address has reached its limit. */
    ADDRESS_FULL
  }

  private final PortSettings limits;
  private final AtomicInteger open = new AtomicInteger();
  private final ConcurrentMap<Long, Integer> byAddress = new ConcurrentHashMap<>();

  ConnectionCounts(PortSettings limits) {
    this.limits = limits;
  }

  /** Counts a new connection, unless a limit is reached. */
  Admission admit(InetAddress address) {
    int most = limits.connections().getAsInt();
    if (open.incrementAndGet() > most && most > 0) {
      open.decrementAndGet();
      return Admission.PORT_FULL;
    }
    if (!acquireAddress(address)) {
      open.decrementAndGet();
      return Admission.ADDRESS_FULL;
    }
    return Admission.ADMITTED;
  }

  /** Releases an admitted connection that has ended. */
  void release(InetAddress address) {
    open.decrementAndGet();
    releaseAddress(address);
  }

  /**
   * Counts one more for this address; false if the address has reached its limit. A proxy's
   * forwarded call counts this way too, without a connection of its own.
   */
  boolean acquireAddress(InetAddress address) {
    if (limits.exempt().test(address)) {
      return true;
    }
    // Counted without a limit too: there may be one before this connection ends.
    int most = limits.connectionsPerAddress().getAsInt();
    boolean[] taken = {false};
    byAddress.compute(
        key(address),
        (k, count) -> {
          int before = count == null ? 0 : count;
          taken[0] = most == 0 || before < most;
          return taken[0] ? Integer.valueOf(before + 1) : count;
        });
    return taken[0];
  }

  /** Releases what {@link #acquireAddress} counted. */
  void releaseAddress(InetAddress address) {
    if (!limits.exempt().test(address)) {
      byAddress.computeIfPresent(key(address), (k, count) -> count == 1 ? null : count - 1);
    }
  }

  /** How many connections are open. */
  int open() {
    return open.get();
  }

  /** How many addresses have a count. */
  int addresses() {
    return byAddress.size();
  }

  /**
   * The IPv4 address, or the upper half (/64) of an IPv6 address. IPv4 fills the lower half of the
   * number only, where no /64 is.
   */
  private static Long key(InetAddress address) {
    ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
    return address instanceof Inet6Address ? bytes.getLong() : bytes.getInt() & 0xffff_ffffL;
  }
}
