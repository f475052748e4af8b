package parley.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.util.ByteString;

/**
 * Encodes a response as bytes, for a connection that is refused before the HTTP library serves it.
 */
final class RawResponse {
  private RawResponse() {}

  /** The whole response, which is the last on its connection. */
  static byte[] of(HttpResponse response) {
    HttpEntity.Strict body = (HttpEntity.Strict) response.entity();
    StringBuilder head = new StringBuilder(512);
    head.append("HTTP/1.1 ")
        .append(response.status().intValue())
        .append(' ')
        .append(response.status().reason())
        .append("\r\n");
    for (HttpHeader header : response.getHeaders()) {
      head.append(header.name()).append(": ").append(header.value()).append("\r\n");
    }
    head.append("Content-Type: ")
        .append(body.getContentType())
        .append("\r\nContent-Length: ")
        .append(body.getData().size())
        .append("\r\nConnection: close\r\n\r\n");
    return ByteString.fromArray(head.toString().getBytes(ISO_8859_1))
        .concat(body.getData())
        .toArray();
  }
}
