package parley.http;

import java.time.Duration;
import parley.port.PortLimits;

/**
 * The bounds of the client port.
 *
 * @param requestsPerSecond per client address, with bursts of twice that and 20 at least; 0 is no
 *     limit
 * @param answerWithin how long an entity may take
 * @param postWithin how long a message may take: it waits for the journal
 * @param bodyWithin how long a body may take to arrive
 * @param proxies who may say for whom it calls
 * @param port how many connections there may be, and how long a request may take to come
 */
public record HttpSettings(
    int requestsPerSecond,
    Duration answerWithin,
    Duration postWithin,
    Duration bodyWithin,
    TrustedProxies proxies,
    PortLimits port) {
  /** What a server uses, with as many connections as may come. */
  public static HttpSettings standard(int requestsPerSecond, TrustedProxies proxies) {
    return standard(requestsPerSecond, proxies, 0, 0);
  }

  /**
   * What a server uses.
   *
   * @param connections open at a time; 0 is no limit
   * @param connectionsPerAddress the same of one address, where it is neither a loopback address
   *     nor a trusted proxy; 0 is no limit
   */
  public static HttpSettings standard(
      int requestsPerSecond, TrustedProxies proxies, int connections, int connectionsPerAddress) {
    return new HttpSettings(
        requestsPerSecond,
        Duration.ofSeconds(5),
        Duration.ofSeconds(15),
        Duration.ofSeconds(10),
        proxies,
        PortLimits.standard(
            connections,
            connectionsPerAddress,
            address -> address.isLoopbackAddress() || proxies.trusts(address)));
  }
}
