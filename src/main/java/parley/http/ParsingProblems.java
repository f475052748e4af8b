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
 * Answers what the HTTP library could not read as a request at all, so that even this is a problem
 * of ours. Named in {@code parley-http-routes.conf}; the library makes it, hence public.
 *
 * <p>Nothing of the request is repeated or logged: an illegal header may well be a token. Statuses
 * the protocol has no code for become the nearest one it has; what the library would call a 5xx
 * (unknown method, unknown HTTP version) is bad input like any other.
 */
public final class ParsingProblems extends ParsingErrorHandler {
  /** Called by name. */
  public ParsingProblems() {}

  @Override
  public HttpResponse handle(
      StatusCode status, ErrorInfo info, LoggingAdapter log, ServerSettings settings) {
    GuardRefusal refusal = GuardRefusal.of(info.detail());
    if (refusal != null) {
      return SecurityHeaders.api(
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
    return SecurityHeaders.api(
        switch (status.intValue()) {
          case 413 -> Problems.of(ErrorCode.TOO_LARGE, "the body is too large");
          case 414 -> Problems.of(ErrorCode.TOO_LARGE, "the request target is too long");
          case 431 -> Problems.of(ErrorCode.TOO_LARGE, "the headers are too large");
          default -> Problems.of(ErrorCode.BAD_REQUEST, "the request is not well-formed HTTP");
        });
  }
}
