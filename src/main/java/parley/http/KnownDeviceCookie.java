package parley.http;

import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.jspecify.annotations.Nullable;
import parley.auth.Secret;

/**
 * That somebody has logged in on this browser before. It stays when they log out: the next login is
 * what it is for. One for the browser: who logged in last is known.
 */
final class KnownDeviceCookie {
  private static final String NAME = "parley_known";
  private static final int MAX_AGE_SECONDS = 365 * 24 * 60 * 60;

  private KnownDeviceCookie() {}

  /** What the cookie says, or null. */
  static @Nullable Secret read(HttpRequest request) {
    return RefreshCookie.read(request, NAME);
  }

  /** Gives it to the browser. */
  static HttpResponse set(HttpRequest request, HttpResponse response, Secret known) {
    return RefreshCookie.with(request, response, NAME, known.value(), MAX_AGE_SECONDS);
  }
}
