package parley.admin;

import java.util.Map;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.HttpCharsets;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.util.ByteString;
import parley.model.ErrorCode;
import parley.protocol.HttpWriter;

/** Refusals of the management port as RFC 9457 problems. */
final class ManagementProblems {
  private static final ContentType.WithFixedCharset TYPE =
      MediaTypes.customWithFixedCharset(
              "application", "problem+json", HttpCharsets.UTF_8, Map.of(), false)
          .toContentType();

  private ManagementProblems() {}

  static HttpResponse of(ErrorCode code, String detail) {
    return of(code, detail, 0);
  }

  /**
   * A refusal.
   *
   * @param retryAfterMillis after how many milliseconds another try is worthwhile; 0 for unknown
   */
  static HttpResponse of(ErrorCode code, String detail, long retryAfterMillis) {
    HttpResponse response =
        HttpResponse.create()
            .withStatus(code.status())
            .withEntity(
                HttpEntities.create(
                    TYPE, ByteString.fromString(HttpWriter.problem(code, detail, null))));
    if (code == ErrorCode.UNAUTHENTICATED) {
      response = response.addHeader(RawHeader.create("WWW-Authenticate", "Bearer"));
    }
    if (retryAfterMillis > 0) {
      long seconds = (retryAfterMillis + 999) / 1_000;
      response = response.addHeader(RawHeader.create("Retry-After", Long.toString(seconds)));
    }
    return response;
  }
}
