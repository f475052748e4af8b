package parley.http;

import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.pekko.http.javadsl.model.AttributeKey;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.HttpCharsets;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import parley.model.ErrorCode;
import parley.model.Refusal;
import parley.protocol.HttpWriter;
import parley.protocol.RequestReader;

/**
 * Writes errors as RFC 9457 problems. Every answer of this package that is not 2xx or 304 comes
 * from here. A 401 contains its challenge; a 429 and a 503 say when to try again.
 */
final class Problems {
  /** The error code of a response, for meters; absent on answers that are not problems. */
  static final AttributeKey<ErrorCode> CODE = AttributeKey.create("parley-error", ErrorCode.class);

  private static final ContentType.WithFixedCharset TYPE =
      MediaTypes.customWithFixedCharset(
              "application", "problem+json", HttpCharsets.UTF_8, Map.of(), false)
          .toContentType();

  /** How long a refused client waits. If it came back at once, the server would still be full. */
  private static final long FULL_RETRY_MILLIS = 10_000;

  private static final Pattern FIELD = Pattern.compile("([a-z_]+): ");

  private Problems() {}

  /** A problem without a field or a time to wait. */
  static HttpResponse of(ErrorCode code, String detail) {
    return of(code, detail, null, 0);
  }

  /** A field of the request is missing or wrong. */
  static HttpResponse badField(String field, String detail) {
    return of(ErrorCode.BAD_REQUEST, detail, field, 0);
  }

  /**
   * The refusal of an entity. If its message begins with a field name and a colon, the problem
   * names this field.
   */
  static HttpResponse of(Refusal refusal) {
    // BAD_FRAME is the socket's code for the same error, but HTTP has no frames.
    ErrorCode code = refusal.code() == ErrorCode.BAD_FRAME ? ErrorCode.BAD_REQUEST : refusal.code();
    Matcher named = FIELD.matcher(refusal.message());
    return of(
        code,
        refusal.message(),
        named.lookingAt() ? named.group(1) : null,
        refusal.retryAfterMillis());
  }

  /** An error that the reader of a body or query found. */
  static HttpResponse of(RequestReader.Bad<?> bad) {
    return of(bad.code(), bad.message(), bad.field(), 0);
  }

  /** There were too many requests. The client may try again after this wait. */
  static HttpResponse tooMany(long waitMillis) {
    return of(ErrorCode.RATE_LIMITED, "too many requests", null, waitMillis);
  }

  /** Something is not reachable or overloaded. The client may try again after this wait. */
  static HttpResponse unavailable(long waitMillis) {
    return of(ErrorCode.UNAVAILABLE, "not now; try again", null, waitMillis);
  }

  /** The limit of connections, or of calls at a time, is reached. */
  static HttpResponse tooManyConnections() {
    return of(ErrorCode.UNAVAILABLE, "too many connections; try again", null, FULL_RETRY_MILLIS);
  }

  private static HttpResponse of(
      ErrorCode code, String detail, @Nullable String field, long retryAfterMillis) {
    // A header says it for the other codes.
    long banEnds = code == ErrorCode.FORBIDDEN ? retryAfterMillis : 0;
    HttpResponse response =
        HttpResponse.create()
            .withStatus(code.status())
            .withEntity(
                HttpEntities.create(
                    TYPE, ByteString.fromString(HttpWriter.problem(code, detail, field, banEnds))))
            .addAttribute(CODE, code);
    if (code.status() == 401) {
      response = response.addHeader(RawHeader.create("WWW-Authenticate", "Bearer"));
    }
    if (code.status() == 429 || code.status() == 503) {
      // Whole seconds, rounded up, so that a client that waits this long is not too early.
      long seconds = Math.max(1, (retryAfterMillis + 999) / 1_000);
      response = response.addHeader(RawHeader.create("Retry-After", Long.toString(seconds)));
    }
    return response;
  }

  /** The error code of a response, if it is a problem. */
  static Optional<ErrorCode> codeOf(HttpResponse response) {
    return response.getAttribute(CODE);
  }
}
