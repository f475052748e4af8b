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
 * Errors as RFC 9457 says: the only way an answer that is not 2xx or 304 leaves this package. A 401
 * carries its challenge, a 429 and a 503 say when to come back.
 */
final class Problems {
  /** Which error a response is; absent on answers that are none. For whoever counts them. */
  static final AttributeKey<ErrorCode> CODE = AttributeKey.create("parley-error", ErrorCode.class);

  private static final ContentType.WithFixedCharset TYPE =
      MediaTypes.customWithFixedCharset(
              "application", "problem+json", HttpCharsets.UTF_8, Map.of(), false)
          .toContentType();

  /** A while: who comes back at once finds what it has found. */
  private static final long FULL_MILLIS = 10_000;

  private static final Pattern FIELD = Pattern.compile("([a-z_]+): ");

  private Problems() {}

  /** A problem without a field or a time of its own. */
  static HttpResponse of(ErrorCode code, String detail) {
    return of(code, detail, null, 0);
  }

  /** A field of the request is missing or wrong. */
  static HttpResponse badField(String field, String detail) {
    return of(ErrorCode.BAD_REQUEST, detail, field, 0);
  }

  /** What an entity did not want to do; it names the field at fault before a colon. */
  static HttpResponse of(Refusal refusal) {
    // The socket's name for the same thing makes no sense where there are no frames.
    ErrorCode code = refusal.code() == ErrorCode.BAD_FRAME ? ErrorCode.BAD_REQUEST : refusal.code();
    Matcher named = FIELD.matcher(refusal.message());
    return of(
        code,
        refusal.message(),
        named.lookingAt() ? named.group(1) : null,
        refusal.retryAfterMillis());
  }

  /** What the reader of a body or query said. */
  static HttpResponse of(RequestReader.Bad<?> bad) {
    return of(bad.code(), bad.message(), bad.field(), 0);
  }

  /** Too many; worth another try after so long. */
  static HttpResponse tooMany(long waitMillis) {
    return of(ErrorCode.RATE_LIMITED, "too many requests", null, waitMillis);
  }

  /** Something is away or overloaded; worth another try after so long. */
  static HttpResponse notNow(long waitMillis) {
    return of(ErrorCode.UNAVAILABLE, "not now; try again", null, waitMillis);
  }

  /** No more connections, or calls at a time, for now. */
  static HttpResponse full() {
    return of(ErrorCode.UNAVAILABLE, "too many connections; try again", null, FULL_MILLIS);
  }

  private static HttpResponse of(
      ErrorCode code, String detail, @Nullable String field, long retryAfterMillis) {
    HttpResponse response =
        HttpResponse.create()
            .withStatus(code.status())
            .withEntity(
                HttpEntities.create(
                    TYPE, ByteString.fromString(HttpWriter.problem(code, detail, field))))
            .addAttribute(CODE, code);
    if (code.status() == 401) {
      response = response.addHeader(RawHeader.create("WWW-Authenticate", "Bearer"));
    }
    if (code.status() == 429 || code.status() == 503) {
      // Whole seconds, rounded up: who comes back on time must not be early.
      long seconds = Math.max(1, (retryAfterMillis + 999) / 1_000);
      response = response.addHeader(RawHeader.create("Retry-After", Long.toString(seconds)));
    }
    return response;
  }

  /** The error a response is, if it is one. */
  static Optional<ErrorCode> codeOf(HttpResponse response) {
    return response.getAttribute(CODE);
  }
}
