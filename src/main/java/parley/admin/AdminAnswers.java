package parley.admin;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * How routes for operators answer: JSON, a problem as {@code {"detail": …}} that names the field.
 */
abstract class AdminAnswers extends AllDirectives implements AdminRoutes {
  static final ObjectMapper JSON = new ObjectMapper();

  final ActorSystem<?> system;
  private final String what;
  private final boolean write;

  /** What was asked for is not possible; the message names the parameter. */
  static final class BadRequestException extends RuntimeException {
    BadRequestException(String message) {
      super(message, null, false, false);
    }
  }

  /**
   * For the routes of one feature.
   *
   * @param what its name, for who is told that it does not answer
   * @param write whether operators may change anything
   */
  AdminAnswers(ActorSystem<?> system, String what, boolean write) {
    this.system = system;
    this.what = what;
    this.write = write;
  }

  /** What changes something: 405 where operators may not. */
  final Route writing(Supplier<Route> inner) {
    return write
        ? inner.get()
        : complete(problem(405, "PARLEY_MANAGEMENT_WRITE is not true: this port only reads"));
  }

  /** The answer of the work: 400 for a {@link BadRequestException}, 503 where nobody answers. */
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
              system.log().warn("{}: no answer: {}", what, failure.toString());
              return problem(503, what + ": no answer; ask again");
            }));
  }

  /**
   * A parameter that is a number from 1 on.
   *
   * @throws BadRequestException where it is none, or more than {@code most}
   */
  static int number(String name, Optional<String> text, int otherwise, int most) {
    try {
      int number = text.map(Integer::parseInt).orElse(otherwise);
      if (number >= 1 && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below.
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
