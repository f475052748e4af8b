package parley.admin;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * The base of all routes for operators. Answers are JSON; a problem is {@code {"detail": …}} and
 * names the parameter.
 */
abstract class AdminAnswers extends AllDirectives implements AdminRoutes {
  static final ObjectMapper JSON = new ObjectMapper();

  final ActorSystem<?> system;
  private final String feature;
  private final boolean writeAllowed;

  /** The request cannot be carried out; the message names the parameter. */
  static final class BadRequestException extends RuntimeException {
    BadRequestException(String message) {
      super(message, null, false, false);
    }
  }

  /**
   * Creates the routes of one feature.
   *
   * @param what the feature's name, for messages when it does not answer
   * @param write whether operators may change anything
   */
  AdminAnswers(ActorSystem<?> system, String what, boolean write) {
    this.system = system;
    this.feature = what;
    this.writeAllowed = write;
  }

  /** Wraps a route that changes something: answers 405 if operators may not change anything. */
  final Route requireWrite(Supplier<Route> inner) {
    return writeAllowed
        ? inner.get()
        : complete(problem(405, "PARLEY_MANAGEMENT_WRITE is not true: this port only reads"));
  }

  /**
   * Completes the request with the response of the work: 400 for a {@link BadRequestException}, 503
   * if the work fails or does not answer.
   */
  final Route answer(Supplier<CompletionStage<HttpResponse>> work) {
    CompletionStage<HttpResponse> response;
    try {
      response = work.get();
    } catch (BadRequestException e) {
      return complete(problem(400, String.valueOf(e.getMessage())));
    }
    return completeWithFuture(
        response.exceptionally(
            failure -> {
              Throwable cause =
                  failure instanceof CompletionException wrapped && wrapped.getCause() != null
                      ? wrapped.getCause()
                      : failure;
              if (cause instanceof BadRequestException bad) {
                return problem(400, String.valueOf(bad.getMessage()));
              }
              system.log().warn("{}: no answer: {}", feature, failure.toString());
              return problem(503, feature + ": no answer; ask again");
            }));
  }

  /**
   * Parses a parameter that is a number from 1 to {@code most}.
   *
   * @throws BadRequestException if it is no number, or out of this range
   */
  static int number(String name, Optional<String> text, int otherwise, int most) {
    try {
      int number = text.map(Integer::parseInt).orElse(otherwise);
      if (number >= 1 && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new BadRequestException(name + ": from 1 to " + most);
  }

  static HttpResponse json(int status, ObjectNode body) {
    return HttpResponse.create()
        .withStatus(status)
        .withEntity(ContentTypes.APPLICATION_JSON, body.toString());
  }

  static HttpResponse problem(int status, String detail) {
    return json(status, JSON.createObjectNode().put("detail", detail));
  }
}
