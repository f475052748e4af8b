package parley.port;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Who has how many connections. Safe from any thread, never blocks; the map has an entry for each
 * address that has a connection now, so it is as bounded as they are.
 *
 * <p>An IPv6 client owns at least a /64, so that is what counts as one address.
 */
final class ConnectionLimits {
  /** What becomes of a connection. */
  enum Verdict {
    /** It is counted; release it when it has ended. */
    ADMITTED,
    /** The port has as many as it may have. */
    PORT_FULL,
    /** Its address has as many as it may have. */
    ADDRESS_FULL
  }

  private final PortLimits limits;
  private final AtomicInteger open = new AtomicInteger();
  private final ConcurrentMap<Long, Integer> byAddress = new ConcurrentHashMap<>();

  ConnectionLimits(PortLimits limits) {
    this.limits = limits;
  }

  /** One more connection. */
  Verdict admit(InetAddress address) {
    if (open.incrementAndGet() > limits.connections() && limits.connections() > 0) {
      open.decrementAndGet();
      return Verdict.PORT_FULL;
    }
    if (!take(address)) {
      open.decrementAndGet();
      return Verdict.ADDRESS_FULL;
    }
    return Verdict.ADMITTED;
  }

  /** An admitted connection has ended. */
  void release(InetAddress address) {
    open.decrementAndGet();
    giveBack(address);
  }

  /** One more for this address, without a connection of its own: a proxy forwards it. */
  boolean take(InetAddress address) {
    if (limits.connectionsPerAddress() == 0 || limits.exempt().test(address)) {
      return true;
    }
    boolean[] taken = {false};
    byAddress.compute(
        key(address),
        (k, count) -> {
          int before = count == null ? 0 : count;
          taken[0] = before < limits.connectionsPerAddress();
          return taken[0] ? Integer.valueOf(before + 1) : count;
        });
    return taken[0];
  }

  /** What was taken is free again. */
  void giveBack(InetAddress address) {
    if (limits.connectionsPerAddress() != 0 && !limits.exempt().test(address)) {
      byAddress.computeIfPresent(key(address), (k, count) -> count == 1 ? null : count - 1);
    }
  }

  /** How many connections are open. */
  int open() {
    return open.get();
  }

  /** How many addresses are remembered. */
  int addresses() {
    return byAddress.size();
  }

  /** The address, or the first half of a long one. IPv4 fills the lower half, where no /64 is. */
  private static Long key(InetAddress address) {
    ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
    return address instanceof Inet6Address ? bytes.getLong() : bytes.getInt() & 0xffff_ffffL;
  }
}
