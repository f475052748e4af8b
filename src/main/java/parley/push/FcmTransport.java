package parley.push;

import com.google.api.client.http.HttpTransport;
import com.google.api.client.http.LowLevelHttpRequest;
import com.google.api.client.http.LowLevelHttpResponse;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * HTTP transport of firebase-admin and Google's authentication, based on Java's HTTP client. That
 * client sends all requests over one HTTP/2 connection and has a timeout for each step. The
 * transport also does two things for which firebase-admin has no setting:
 *
 * <ul>
 *   <li>Another endpoint, for tests: requests to Google's servers go to that endpoint.
 *   <li>No retries inside the library. On a 503 the library would sleep on the caller's thread, up
 *       to a minute and up to four times, although the sender has long been answered {@code
 *       timeout}. The library gives up at once if {@code Retry-After} is longer than its longest
 *       wait. So each 503 gets such a {@code Retry-After}, and the server's own value moves to the
 *       header {@link #RETRY_AFTER}.
 * </ul>
 */
final class FcmTransport extends HttpTransport {
  /** Header that holds the server's own {@code Retry-After} of a 503. */
  static final String RETRY_AFTER = "x-parley-retry-after";

  /**
   * Largest body of a response. Google's responses are below 4 KiB, an access token below 2 KiB.
   */
  static final int MAX_RESPONSE_BYTES = 64 << 10;

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

  /** A {@code Retry-After} that is longer than the library's longest wait, in seconds. */
  static final String ENDLESS_WAIT = Long.toString(Duration.ofDays(365).toSeconds());

  /** Headers that Java's client sets itself and does not accept from its caller. */
  private static final Set<String> RESTRICTED_HEADERS =
      Set.of("connection", "content-length", "expect", "host", "upgrade");

  private final @Nullable URI endpoint;
  private final Duration timeout;
  private final HttpClient client;

  /**
   * @param timeout for a response including its body
   */
  FcmTransport(@Nullable URI endpoint, Duration timeout) {
    this.endpoint = endpoint;
    this.timeout = timeout;
    boolean plain = endpoint != null && "http".equals(endpoint.getScheme());
    this.client =
        HttpClient.newBuilder()
            .connectTimeout(CONNECT_TIMEOUT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .version(plain ? HttpClient.Version.HTTP_1_1 : HttpClient.Version.HTTP_2)
            .build();
  }

  @Override
  public boolean supportsMethod(String method) {
    return true;
  }

  @Override
  protected LowLevelHttpRequest buildRequest(String method, String url) {
    return new FcmRequest(method, toConfiguredEndpoint(URI.create(url)));
  }

  private URI toConfiguredEndpoint(URI to) {
    String host = to.getHost();
    if (endpoint == null || host == null || !host.endsWith(".googleapis.com")) {
      return to;
    }
    String query = to.getRawQuery();
    return URI.create(
        endpoint.getScheme()
            + ("://" + endpoint.getRawAuthority() + to.getRawPath())
            + (query == null ? "" : "?" + query));
  }

  /** Closes connections and threads; pending calls fail. */
  @Override
  public void shutdown() {
    client.shutdownNow();
  }

  /** One request; {@link #execute()} blocks. */
  private final class FcmRequest extends LowLevelHttpRequest {
    private final String method;
    private final HttpRequest.Builder request;

    FcmRequest(String method, URI uri) {
      this.method = method;
      this.request = HttpRequest.newBuilder(uri).timeout(timeout);
    }

    @Override
    public void addHeader(String name, String value) {
      if (!RESTRICTED_HEADERS.contains(name.toLowerCase(Locale.ROOT))) {
        request.header(name, value);
      }
    }

    @Override
    public LowLevelHttpResponse execute() throws IOException {
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      var content = getStreamingContent();
      if (content != null) {
        content.writeTo(body);
      }
      if (getContentType() != null) {
        request.header("content-type", getContentType());
      }
      if (getContentEncoding() != null) {
        request.header("content-encoding", getContentEncoding());
      }
      request.method(
          method,
          content == null
              ? BodyPublishers.noBody()
              : BodyPublishers.ofByteArray(body.toByteArray()));
      try {
        return new FcmResponse(
            client.send(request.build(), info -> new BoundedBody(MAX_RESPONSE_BYTES, timeout)));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("stopping");
      }
    }
  }

  /** A response with its complete body. */
  private static final class FcmResponse extends LowLevelHttpResponse {
    private final int status;
    private final byte[] body;
    private final List<Map.Entry<String, String>> headers = new ArrayList<>();

    FcmResponse(HttpResponse<byte[]> response) {
      this.status = response.statusCode();
      this.body = response.body();
      boolean unavailable = status == 503;
      response
          .headers()
          .map()
          .forEach(
              (name, values) -> {
                boolean moved = unavailable && name.equalsIgnoreCase("retry-after");
                for (String value : values) {
                  headers.add(Map.entry(moved ? RETRY_AFTER : name, value));
                }
              });
      if (unavailable) {
        headers.add(Map.entry("retry-after", ENDLESS_WAIT));
      }
    }

    @Override
    public InputStream getContent() {
      return new ByteArrayInputStream(body);
    }

    @Override
    public @Nullable String getContentEncoding() {
      return header("content-encoding");
    }

    @Override
    public long getContentLength() {
      return body.length;
    }

    @Override
    public @Nullable String getContentType() {
      return header("content-type");
    }

    @Override
    public String getStatusLine() {
      return "HTTP " + status;
    }

    @Override
    public int getStatusCode() {
      return status;
    }

    @Override
    public @Nullable String getReasonPhrase() {
      return null;
    }

    @Override
    public int getHeaderCount() {
      return headers.size();
    }

    @Override
    public String getHeaderName(int index) {
      return headers.get(index).getKey();
    }

    @Override
    public String getHeaderValue(int index) {
      return headers.get(index).getValue();
    }

    private @Nullable String header(String wanted) {
      for (Map.Entry<String, String> header : headers) {
        if (header.getKey().equalsIgnoreCase(wanted)) {
          return header.getValue();
        }
      }
      return null;
    }
  }
}
