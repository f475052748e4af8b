package parley.http;

import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.Cookie;
import org.apache.pekko.http.javadsl.model.headers.HttpCookiePair;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.jspecify.annotations.Nullable;
import parley.auth.Secret;

/**
 * The refresh token as a browser keeps it: scripts cannot read it, other sites cannot send it, and
 * only the calls that need it get it.
 */
final class RefreshCookie {
  static final String NAME = "parley_refresh";
  private static final int MAX_AGE_SECONDS = 7 * 24 * 60 * 60;

  private RefreshCookie() {}

  /** The cookie's token, or null. */
  static @Nullable Secret read(HttpRequest request) {
    return read(request, NAME);
  }

  /** The value of a cookie, or null. */
  static @Nullable Secret read(HttpRequest request, String name) {
    for (Cookie header : request.getHeaders(Cookie.class)) {
      for (HttpCookiePair cookie : header.getCookies()) {
        if (cookie.name().equals(name) && !cookie.value().isEmpty()) {
          return new Secret(cookie.value());
        }
      }
    }
    return null;
  }

  /** Gives the browser a token. */
  static HttpResponse set(HttpRequest request, HttpResponse response, Secret token) {
    return with(request, response, NAME, token.value(), MAX_AGE_SECONDS);
  }

  /** Takes it away. */
  static HttpResponse clear(HttpRequest request, HttpResponse response) {
    return with(request, response, NAME, "", 0);
  }

  /** The answer with a cookie that only the calls under {@code /v1/auth} get. */
  static HttpResponse with(
      HttpRequest request, HttpResponse response, String name, String value, int maxAge) {
    String cookie =
        name
            + ("=" + value)
            + ("; Max-Age=" + maxAge)
            + "; Path=/v1/auth; HttpOnly; SameSite=Strict"
            + (overTls(request) ? "; Secure" : "");
    return response.addHeader(RawHeader.create("Set-Cookie", cookie));
  }

  /**
   * Whether the client came over TLS, here or at a proxy before us. A client that claims so falsely
   * gets a cookie it will not send back over plain HTTP; that is all.
   */
  private static boolean overTls(HttpRequest request) {
    return request.getUri().getScheme().equals("https")
        || request
            .getHeader("X-Forwarded-Proto")
            .filter(h -> h.value().split(",", 2)[0].strip().equalsIgnoreCase("https"))
            .isPresent();
  }
}
