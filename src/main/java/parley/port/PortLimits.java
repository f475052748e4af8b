package parley.port;

import java.net.InetAddress;
import java.time.Duration;
import java.util.function.Predicate;

/**
 * The bounds of a port.
 *
 * @param connections open at a time; the next is answered 503 and closed. 0 is no limit
 * @param connectionsPerAddress open at a time from one IPv4 address or one IPv6 network of 64 bits,
 *     and calls under way and sockets that a trusted proxy forwards for one; 0 is no limit
 * @param exempt whose connections do not count by address
 * @param head how long a head may take from its first byte, on a new connection from its accept
 * @param body how long a body may take from the end of its head
 * @param idle how long a connection may be silent in both directions
 */
public record PortLimits(
    int connections,
    int connectionsPerAddress,
    Predicate<InetAddress> exempt,
    Duration head,
    Duration body,
    Duration idle) {
  /** Long for the slowest network, and short enough that what waits stays little. */
  private static final Duration HEAD = Duration.ofSeconds(10);

  /** More than whoever reads bodies waits, whose answer is the better one. */
  private static final Duration BODY = Duration.ofSeconds(15);

  /**
   * A silent socket is pinged by its session every 30 s: only one whose client is gone, or does not
   * read, is silent for longer.
   */
  private static final Duration IDLE = Duration.ofSeconds(45);

  /** With the times that a server uses. */
  public static PortLimits standard(
      int connections, int connectionsPerAddress, Predicate<InetAddress> exempt) {
    return new PortLimits(connections, connectionsPerAddress, exempt, HEAD, BODY, IDLE);
  }
}
