package parley.http;

import java.util.List;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/**
 * Headers that restrict what a browser does with our answers.
 *
 * <p>The web client may load scripts and styles from this server only, and show pictures from any
 * source over TLS (avatars are URLs that users choose). It may talk to this server only, by HTTP
 * and by socket: in current browsers {@code 'self'} covers both (CSP 3; Safari since 15.4). No page
 * may frame it.
 *
 * <p>A browser that has come over TLS once must not come without it for a year. Subdomains are not
 * included, because they may belong to somebody else.
 */
final class SecurityHeaders {
  private static final HttpHeader ONLY_TLS =
      RawHeader.create("Strict-Transport-Security", "max-age=31536000");
  private static final HttpHeader NOSNIFF = RawHeader.create("X-Content-Type-Options", "nosniff");
  private static final HttpHeader NO_REFERRER = RawHeader.create("Referrer-Policy", "no-referrer");

  private static final List<HttpHeader> PAGE =
      List.of(
          NOSNIFF,
          NO_REFERRER,
          RawHeader.create("Content-Security-Policy", pagePolicy(List.of())),
          RawHeader.create("Cross-Origin-Opener-Policy", "same-origin"),
          RawHeader.create(
              "Permissions-Policy",
              "camera=(), geolocation=(), microphone=(), payment=(), usb=()"));

  private static final List<HttpHeader> API =
      List.of(
          NOSNIFF,
          NO_REFERRER,
          RawHeader.create(
              "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"));

  private static final HttpHeader NO_STORE = RawHeader.create("Cache-Control", "no-store");

  private SecurityHeaders() {}

  /**
   * The content security policy of a page.
   *
   * @param origins what the page may talk to besides this server, each as {@code https://host}
   */
  static String pagePolicy(List<String> origins) {
    StringBuilder connect = new StringBuilder("connect-src 'self'");
    origins.forEach(origin -> connect.append(' ').append(origin));
    return "default-src 'none'; script-src 'self'; style-src 'self';"
        + " img-src 'self' https: data:; "
        + connect
        + "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'";
  }

  /** Adds the header for answers over TLS. Browsers must ignore it on other answers. */
  static HttpResponse withStrictTransport(HttpResponse response) {
    return response.addHeader(ONLY_TLS);
  }

  /** Adds the headers of pages and of what they load. */
  static HttpResponse withPageHeaders(HttpResponse response) {
    return response.addHeaders(PAGE);
  }

  /**
   * Adds the headers of all other answers. Nobody may cache them, unless the answer has its own
   * {@code Cache-Control}. An answer that has the headers of a page stays as it is.
   */
  static HttpResponse withApiHeaders(HttpResponse response) {
    if (response.getHeader("Content-Security-Policy").isPresent()) {
      return response;
    }
    HttpResponse safe = response.addHeaders(API);
    return response.getHeader("Cache-Control").isPresent() ? safe : safe.addHeader(NO_STORE);
  }
}
