package parley.port;

import java.net.InetAddress;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/**
 * Limits the calls and sockets that trusted proxies forward, by client address. The proxies' own
 * connections are exempt, so this is the only limit for clients behind them.
 */
public interface ForwardedLimit {
  /** Counts a call or socket of this client; false if the client has reached its limit. */
  boolean acquire(InetAddress client);

  /** Releases a call that has been answered. */
  void release(InetAddress client);

  /**
   * Releases a socket when its connection ends.
   *
   * @param request as the port passed it on, with the address of the connection
   */
  void releaseWithConnection(HttpRequest request, InetAddress client);
}
