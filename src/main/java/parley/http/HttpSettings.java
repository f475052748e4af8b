package parley.http;

import java.time.Duration;

/**
 * The bounds of the client port.
 *
 * @param requestsPerSecond per client address, with bursts of twice that and 20 at least; 0 is no
 *     limit
 * @param answerWithin how long an entity may take
 * @param postWithin how long a message may take: it waits for the journal
 * @param bodyWithin how long a body may take to arrive
 * @param proxies who may say for whom it calls
 */
public record HttpSettings(
    int requestsPerSecond,
    Duration answerWithin,
    Duration postWithin,
    Duration bodyWithin,
    TrustedProxies proxies) {
  /** What a server uses. */
  public static HttpSettings standard(int requestsPerSecond, TrustedProxies proxies) {
    return new HttpSettings(
        requestsPerSecond,
        Duration.ofSeconds(5),
        Duration.ofSeconds(15),
        Duration.ofSeconds(10),
        proxies);
  }
}
