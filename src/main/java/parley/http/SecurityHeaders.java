package parley.http;

import java.util.List;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/**
 * Headers by which a browser keeps to itself what it got from us.
 *
 * <p>The web client may load scripts and styles from here only, show pictures from anywhere that is
 * encrypted (avatars are URLs users choose), and talk to this server only, by HTTP and by socket:
 * in the browsers of today {@code 'self'} is both (CSP 3; Safari since 15.4). Nothing may frame it.
 *
 * <p>Who has come over TLS once shall not come without it for a year. Subdomains are not spoken
 * for: they may be somebody else's.
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
   * What a page may do.
   *
   * @param origins whom it may talk to besides this server, each as {@code https://host}
   */
  static String pagePolicy(List<String> origins) {
    StringBuilder connect = new StringBuilder("connect-src 'self'");
    origins.forEach(origin -> connect.append(' ').append(origin));
    return "default-src 'none'; script-src 'self'; style-src 'self';"
        + " img-src 'self' https: data:; "
        + connect
        + "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'";
  }

  /** For what is answered over TLS, and nothing else: elsewhere browsers must ignore it. */
  static HttpResponse overTls(HttpResponse response) {
    return response.addHeader(ONLY_TLS);
  }

  /** For pages and what they load. */
  static HttpResponse page(HttpResponse response) {
    return response.addHeaders(PAGE);
  }

  /** For everything else that has no headers of a page: private, and kept by nobody. */
  static HttpResponse api(HttpResponse response) {
    if (response.getHeader("Content-Security-Policy").isPresent()) {
      return response;
    }
    HttpResponse safe = response.addHeaders(API);
    return response.getHeader("Cache-Control").isPresent() ? safe : safe.addHeader(NO_STORE);
  }
}
