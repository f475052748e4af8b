package parley.port;

import java.net.InetAddress;
import java.time.Duration;
import java.util.function.IntSupplier;
import java.util.function.Predicate;

/**
 * The bounds of a port. The numbers of connections may change: a smaller one ends no connection,
 * and admits none until there are fewer.
 *
 * @param connections most open connections; the next one is answered 503 and closed. 0 is no limit
 * @param connectionsPerAddress most open connections of one IPv4 address or one IPv6 network of 64
 *     bits, and most pending calls and sockets that a trusted proxy forwards for it; 0 is no limit
 * @param exempt addresses whose connections do not count by address
 * @param headTimeout how long a head may take from its first byte; on a new connection from its
 *     accept
 * @param bodyTimeout how long a body may take from the end of its head
 * @param idleTimeout how long a connection may be silent in both directions
 */
public record PortSettings(
    IntSupplier connections,
    IntSupplier connectionsPerAddress,
    Predicate<InetAddress> exempt,
    Duration headTimeout,
    Duration bodyTimeout,
    Duration idleTimeout) {
  /** Bounds that never change. */
  public PortSettings(
      int connections,
      int connectionsPerAddress,
      Predicate<InetAddress> exempt,
      Duration headTimeout,
      Duration bodyTimeout,
      Duration idleTimeout) {
    this(
        () -> connections,
        () -> connectionsPerAddress,
        exempt,
        headTimeout,
        bodyTimeout,
        idleTimeout);
  }

  /** Long enough for the slowest network, and short enough that few incomplete heads are held. */
  private static final Duration HEAD = Duration.ofSeconds(10);

  /** Longer than the code that reads bodies waits, because its answer is the better one. */
  private static final Duration BODY = Duration.ofSeconds(15);

  /**
   * A session pings a silent socket every 30 s. A longer silence means that the client is gone or
   * does not read.
   */
  private static final Duration IDLE = Duration.ofSeconds(45);

  /** Limits with the times that a server uses. */
  public static PortSettings standard(
      int connections, int connectionsPerAddress, Predicate<InetAddress> exempt) {
    return standard(() -> connections, () -> connectionsPerAddress, exempt);
  }

  /** Limits that may change, with the times that a server uses. */
  public static PortSettings standard(
      IntSupplier connections, IntSupplier connectionsPerAddress, Predicate<InetAddress> exempt) {
    return new PortSettings(connections, connectionsPerAddress, exempt, HEAD, BODY, IDLE);
  }
}
