package parley.admin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Route;
import parley.store.Store;

/**
 * Routes for the marks by which DynamoDB's journal finds the last event of an entity, under {@code
 * /admin/marks?entity=NAME} (the name in the journal, as {@code verify} prints it). GET reports
 * what is wrong with the marks, POST repairs them. POST answers 405 unless {@code
 * PARLEY_MANAGEMENT_WRITE} is on, like every change by this port. Both may be called while the
 * server works, and repeatedly.
 */
public final class MarkRoutes extends AdminAnswers {
  /** Longer than any name in a journal. */
  private static final int MAX_NAME_LENGTH = 512;

  private final Store store;

  /** The routes for one store. A store without marks never has anything to repair. */
  public MarkRoutes(ActorSystem<?> system, Store store, boolean write) {
    super(system, "marks of the journal", write);
    this.store = store;
  }

  @Override
  public Route routes() {
    return path(
        "marks",
        () ->
            parameterOptional(
                "entity",
                entity -> concat(get(() -> checkMarks(entity, false)), post(() -> mend(entity)))));
  }

  private Route mend(Optional<String> entity) {
    return requireWrite(() -> checkMarks(entity, true));
  }

  private Route checkMarks(Optional<String> entity, boolean mend) {
    return answer(
        () -> {
          String name =
              entity
                  .filter(one -> !one.isBlank() && one.length() <= MAX_NAME_LENGTH)
                  .orElseThrow(
                      () ->
                          new BadRequestException(
                              "entity: a name in the journal, of at most "
                                  + MAX_NAME_LENGTH
                                  + " characters"));
          return store.checkMarks(name, mend).thenApply(problem -> toJson(name, problem, mend));
        });
  }

  private static HttpResponse toJson(String name, Optional<String> problem, boolean mend) {
    ObjectNode body = JSON.createObjectNode().put("entity", name);
    problem.ifPresent(text -> body.put("problem", text));
    if (mend) {
      body.put("mended", problem.isPresent());
    }
    return json(200, body);
  }
}
