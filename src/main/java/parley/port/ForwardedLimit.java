package parley.port;

import java.net.InetAddress;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/**
 * Counts what a trusted proxy forwards by the address it forwards for. The proxy's own connections
 * are exempt, so that this is the only count of who is behind it.
 */
public interface ForwardedLimit {
  /** One more call or socket of this client; false where it has as many as it may have. */
  boolean take(InetAddress client);

  /** A call that was taken is answered. */
  void giveBack(InetAddress client);

  /**
   * A socket that was taken ends with its connection.
   *
   * @param request as the port gave it, with the address of the connection
   */
  void giveBackAfter(HttpRequest request, InetAddress client);
}
