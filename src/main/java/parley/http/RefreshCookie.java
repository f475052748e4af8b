package parley.http;

import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.Cookie;
import org.apache.pekko.http.javadsl.model.headers.HttpCookiePair;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.jspecify.annotations.Nullable;
import parley.auth.Secret;

/**
 * The refresh token as a cookie of a browser. Scripts cannot read it, other sites cannot send it,
 * and only the calls that need it get it.
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

  /** Stores a token in the browser. */
  static HttpResponse set(HttpRequest request, HttpResponse response, Secret token) {
    return withCookie(request, response, NAME, token.value(), MAX_AGE_SECONDS);
  }

  /** Deletes the cookie. */
  static HttpResponse clear(HttpRequest request, HttpResponse response) {
    return withCookie(request, response, NAME, "", 0);
  }

  /** Adds a cookie to the answer. Only the calls under {@code /v1/auth} get it. */
  static HttpResponse withCookie(
      HttpRequest request, HttpResponse response, String name, String value, int maxAge) {
    String cookie =
        name
            + ("=" + value)
            + ("; Max-Age=" + maxAge)
            + "; Path=/v1/auth; HttpOnly; SameSite=Strict"
            + (isOverTls(request) ? "; Secure" : "");
    return response.addHeader(RawHeader.create("Set-Cookie", cookie));
  }

  /**
   * Whether the client came over TLS, to this server or to a proxy before it. A client that claims
   * this falsely only gets a cookie that it will not send over plain HTTP.
   */
  private static boolean isOverTls(HttpRequest request) {
    return request.getUri().getScheme().equals("https")
        || request
            .getHeader("X-Forwarded-Proto")
            .filter(h -> h.value().split(",", 2)[0].strip().equalsIgnoreCase("https"))
            .isPresent();
  }
}
