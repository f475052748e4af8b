package parley.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.ExceptionHandler;
import org.apache.pekko.http.javadsl.server.MethodRejection;
import org.apache.pekko.http.javadsl.server.Rejection;
import org.apache.pekko.http.javadsl.server.RejectionHandler;
import org.apache.pekko.http.scaladsl.model.IllegalRequestException;
import org.apache.pekko.http.scaladsl.model.IllegalUriException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.model.ErrorCode;

/** Answers where no route does: an unknown path, a wrong method, or a failure. */
final class Fallbacks {
  private static final Logger log = LoggerFactory.getLogger(Fallbacks.class);

  private Fallbacks() {}

  /** Answers for unknown paths and methods. Our routes reject for no other reason. */
  static RejectionHandler rejections() {
    return RejectionHandler.newBuilder()
        .handleAll(MethodRejection.class, all -> complete(notAllowed(all)))
        .handleAll(
            Rejection.class,
            all ->
                complete(
                    Problems.of(ErrorCode.BAD_REQUEST, "the request is not one of this path's")))
        .handleNotFound(complete(Problems.of(ErrorCode.NOT_FOUND, "no such path")))
        .build();
  }

  private static HttpResponse notAllowed(List<MethodRejection> rejections) {
    List<String> allowed = new ArrayList<>();
    for (MethodRejection rejection : rejections) {
      allowed.add(rejection.supported().value());
    }
    if (allowed.contains("GET")) {
      allowed.add("HEAD");
    }
    String list = String.join(", ", allowed.stream().distinct().sorted().toList());
    return Problems.of(ErrorCode.METHOD_NOT_ALLOWED, "this path takes " + list)
        .addHeader(RawHeader.create("Allow", list));
  }

  /** Answers for failures of routes. */
  static ExceptionHandler exceptions() {
    return ExceptionHandler.newBuilder().matchAny(e -> complete(failure(e))).build();
  }

  /** The answer to a failure. A failure that is ours is logged. */
  static HttpResponse failure(Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof RefusedException refused) {
      return Problems.of(refused.refusal());
    }
    if (cause instanceof TimeoutException) {
      return Problems.of(
          ErrorCode.UNAVAILABLE, "no answer in time; whether it was done is not known");
    }
    if (cause instanceof IllegalUriException || cause instanceof IllegalRequestException) {
      return Problems.of(ErrorCode.BAD_REQUEST, "the request target is malformed");
    }
    log.error("A request failed", new WithoutMessage(cause));
    return Problems.of(ErrorCode.INTERNAL, "something went wrong here; it has been logged");
  }

  /**
   * The class and the stack trace of a failure, without its message: messages of exceptions often
   * quote content.
   */
  private static final class WithoutMessage extends Exception {
    private static final long serialVersionUID = 1L;

    WithoutMessage(Throwable cause) {
      super(cause.getClass().getName());
      setStackTrace(cause.getStackTrace());
    }
  }
}
