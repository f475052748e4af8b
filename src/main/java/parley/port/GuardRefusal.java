package parley.port;

import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Why the guard refuses a request. The HTTP library has to answer it, after the requests before it
 * on the same connection and in the same form as everything else; so it is given, instead of the
 * request, one whose method says why. It does not know that method and asks its error handler. A
 * client that sends such a method itself fools nobody but itself.
 */
public enum GuardRefusal {
  /** Ambiguous framing: 400. */
  MALFORMED,
  /** A head of too many bytes: 413. */
  TOO_LARGE,
  /** A head that did not come in time: 408. */
  TOO_LATE;

  private final String method = name().replace('_', '-');

  /** What the library is given. */
  ByteString request() {
    return ByteString.fromString(method + " / HTTP/1.1\r\nHost: refused\r\n\r\n");
  }

  /** The refusal that a method stands for, or null. */
  public static @Nullable GuardRefusal of(String method) {
    for (GuardRefusal refusal : values()) {
      if (refusal.method.equals(method)) {
        return refusal;
      }
    }
    return null;
  }
}
