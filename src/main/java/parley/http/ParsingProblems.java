package parley.http;

import org.apache.pekko.event.LoggingAdapter;
import org.apache.pekko.http.ParsingErrorHandler;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.scaladsl.model.ErrorInfo;
import org.apache.pekko.http.scaladsl.model.StatusCode;
import org.apache.pekko.http.scaladsl.settings.ServerSettings;
import parley.model.ErrorCode;
import parley.port.GuardRefusal;

/**
 * Answers requests that the HTTP library could not parse, so that these get a problem of ours too.
 * {@code parley-http-routes.conf} names the class and the library creates it, so it is public.
 *
 * <p>Nothing of the request is repeated or logged, because an illegal header may be a token. A
 * status for which the protocol has no code becomes the nearest one that it has. A 5xx of the
 * library (unknown method, unknown HTTP version) is bad input like any other.
 */
public final class ParsingProblems extends ParsingErrorHandler {
  /** Called by the library, which finds the class by its name. */
  public ParsingProblems() {}

  @Override
  public HttpResponse handle(
      StatusCode status, ErrorInfo info, LoggingAdapter log, ServerSettings settings) {
    GuardRefusal refusal = GuardRefusal.of(info.detail());
    if (refusal != null) {
      return SecurityHeaders.withApiHeaders(
          switch (refusal) {
            case MALFORMED ->
                Problems.of(
                    ErrorCode.BAD_REQUEST,
                    "where the request ends cannot be told for sure; it must be well-formed HTTP");
            case TOO_LARGE -> Problems.of(ErrorCode.TOO_LARGE, "the headers are too large");
            case TOO_LATE ->
                Problems.of(ErrorCode.REQUEST_TIMEOUT, "the request did not arrive in time");
          });
    }
    return SecurityHeaders.withApiHeaders(
        switch (status.intValue()) {
          case 413 -> Problems.of(ErrorCode.TOO_LARGE, "the body is too large");
          case 414 -> Problems.of(ErrorCode.TOO_LARGE, "the request target is too long");
          case 431 -> Problems.of(ErrorCode.TOO_LARGE, "the headers are too large");
          default -> Problems.of(ErrorCode.BAD_REQUEST, "the request is not well-formed HTTP");
        });
  }
}
