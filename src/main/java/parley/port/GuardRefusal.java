package parley.port;

import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Why the guard refuses a request. The HTTP library has to answer it: after the earlier requests of
 * the connection, and in the same form as all other errors. So the guard passes the library another
 * request, whose method names the reason. The library does not know that method and calls its error
 * handler. A client that sends such a method gets the error, and nothing else.
 */
public enum GuardRefusal {
  /** Ambiguous framing: 400. */
  MALFORMED,
  /** A head of too many bytes: 413. */
  TOO_LARGE,
  /** A head that did not come in time: 408. */
  TOO_LATE;

  private final String method = name().replace('_', '-');

  /** The request that the library gets instead of the refused one. */
  ByteString replacementRequest() {
    return ByteString.fromString(method + " / HTTP/1.1\r\nHost: refused\r\n\r\n");
  }

  /** The refusal that a method stands for, or null if it stands for none. */
  public static @Nullable GuardRefusal of(String method) {
    for (GuardRefusal refusal : values()) {
      if (refusal.method.equals(method)) {
        return refusal;
      }
    }
    return null;
  }
}
