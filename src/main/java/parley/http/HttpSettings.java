package parley.http;

import java.time.Duration;
import java.util.function.IntSupplier;
import parley.port.PortSettings;

/**
 * Limits and timeouts of the client port.
 *
 * @param requestsPerSecond requests of each client address a second; the burst is one second of
 *     them, but at least 20; 0 is no limit
 * @param answerWithin how long an entity may take to answer
 * @param postWithin how long an entity may take to add a message: it waits for the journal
 * @param repeatAfter time after which a message without an answer is sent to its conversation once
 *     more; as for sessions
 * @param bodyWithin how long a body may take to arrive
 * @param proxies the proxies that may name the client of a request
 * @param port how many connections there may be, and how long a request may take to arrive
 */
public record HttpSettings(
    IntSupplier requestsPerSecond,
    Duration answerWithin,
    Duration postWithin,
    Duration repeatAfter,
    Duration bodyWithin,
    TrustedProxies proxies,
    PortSettings port) {
  /** The settings of a server without a limit of connections. */
  public static HttpSettings standard(int requestsPerSecond, TrustedProxies proxies) {
    return standard(requestsPerSecond, proxies, 0, 0);
  }

  /**
   * The settings of a server.
   *
   * @param connections open at a time; 0 is no limit
   * @param connectionsPerAddress the same for one address; loopback addresses and trusted proxies
   *     are exempt; 0 is no limit
   */
  public static HttpSettings standard(
      int requestsPerSecond, TrustedProxies proxies, int connections, int connectionsPerAddress) {
    return standard(
        () -> requestsPerSecond, proxies, () -> connections, () -> connectionsPerAddress);
  }

  /** The settings of a server whose limits may change. */
  public static HttpSettings standard(
      IntSupplier requestsPerSecond,
      TrustedProxies proxies,
      IntSupplier connections,
      IntSupplier connectionsPerAddress) {
    return new HttpSettings(
        requestsPerSecond,
        /* answerWithin= */ Duration.ofSeconds(5),
        /* postWithin= */ Duration.ofSeconds(15),
        /* repeatAfter= */ Duration.ofSeconds(3),
        /* bodyWithin= */ Duration.ofSeconds(10),
        proxies,
        PortSettings.standard(
            connections,
            connectionsPerAddress,
            address -> address.isLoopbackAddress() || proxies.trusts(address)));
  }
}
