package parley.http;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.jspecify.annotations.Nullable;

/**
 * Finds out which page sends a request. Only browsers send these headers, and no page can make a
 * browser send wrong ones. Other clients can send anything, but they have no cookie that another
 * page could use.
 *
 * <p>A page is ours if its {@code Origin} names the host that the request was sent to, or if the
 * browser sends {@code Sec-Fetch-Site: same-origin}: a proxy before this server may have changed
 * {@code Host}, but not that header. The scheme is not compared, because TLS may end at the proxy.
 */
final class OriginCheck {
  private OriginCheck() {}

  /** Whether a page of another origin sends the request. */
  static boolean isForeign(HttpRequest request) {
    @Nullable String origin = header(request, "origin");
    @Nullable String site = header(request, "sec-fetch-site");
    if (origin == null) {
      return site != null && (site.equals("cross-site") || site.equals("same-site"));
    }
    return !"same-origin".equals(site) && !namesHost(origin, header(request, "host"));
  }

  /** Whether a browser says that a page of this server sends the request. */
  static boolean isOurPage(HttpRequest request) {
    return "same-origin".equals(header(request, "sec-fetch-site")) && !isForeign(request);
  }

  private static boolean namesHost(String origin, @Nullable String host) {
    try {
      URI uri = new URI(origin);
      @Nullable String scheme = uri.getScheme();
      @Nullable String authority = uri.getRawAuthority();
      if (host == null || scheme == null || authority == null) {
        return false; // "null" is the origin of a page that has none.
      }
      String port = scheme.equals("https") ? ":443" : ":80";
      return withoutPort(authority, port).equals(withoutPort(host, port));
    } catch (URISyntaxException e) {
      return false;
    }
  }

  private static String withoutPort(String authority, String port) {
    String lower = authority.toLowerCase(Locale.ROOT);
    return lower.endsWith(port) ? lower.substring(0, lower.length() - port.length()) : lower;
  }

  private static @Nullable String header(HttpRequest request, String name) {
    return request.getHeader(name).map(header -> header.value().strip()).orElse(null);
  }
}
