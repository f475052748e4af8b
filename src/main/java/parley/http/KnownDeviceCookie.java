package parley.http;

import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.jspecify.annotations.Nullable;
import parley.auth.Secret;

/**
 * The known-device token as a cookie: somebody has logged in on this browser before. It stays after
 * a logout, because the next login needs it. A browser has one cookie, that of the last user who
 * logged in.
 */
final class KnownDeviceCookie {
  private static final String NAME = "parley_known";
  private static final int MAX_AGE_SECONDS = 365 * 24 * 60 * 60;

  private KnownDeviceCookie() {}

  /** The token in the cookie, or null. */
  static @Nullable Secret read(HttpRequest request) {
    return RefreshCookie.read(request, NAME);
  }

  /** Stores the token in the browser. */
  static HttpResponse set(HttpRequest request, HttpResponse response, Secret known) {
    return RefreshCookie.withCookie(request, response, NAME, known.value(), MAX_AGE_SECONDS);
  }
}
