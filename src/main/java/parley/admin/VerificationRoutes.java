package parley.admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * Routes for the check of all conversations ({@link VerificationJob}), under {@code /admin/verify}:
 * POST starts it, GET shows its progress, DELETE ends it. It only reads the store, so it does not
 * need {@code PARLEY_MANAGEMENT_WRITE}.
 */
public final class VerificationRoutes extends AdminAnswers {
  private final VerificationJob job;

  public VerificationRoutes(ActorSystem<?> system, VerificationJob job) {
    super(system, "verification", true);
    this.job = job;
  }

  @Override
  public Route routes() {
    return path(
        "verify",
        () ->
            concat(
                get(() -> complete(json(200, toJson(job.progress())))),
                delete(
                    () -> {
                      job.cancel();
                      return complete(json(200, toJson(job.progress())));
                    }),
                post(
                    () ->
                        parameterOptional(
                            "per_second",
                            text ->
                                answer(
                                    () -> {
                                      boolean started =
                                          job.start(
                                              number(
                                                  "per_second",
                                                  text,
                                                  VerificationJob.DEFAULT_PER_SECOND,
                                                  VerificationJob.MAX_PER_SECOND));
                                      return CompletableFuture.completedFuture(
                                          json(started ? 202 : 409, toJson(job.progress())));
                                    })))));
  }

  private static ObjectNode toJson(VerificationJob.Progress p) {
    ObjectNode body =
        JSON.createObjectNode()
            .put("running", p.running())
            .put("per_second", p.perSecond())
            .put("conversations", p.conversations())
            .put("entries", p.entries())
            .put("archived", p.archived())
            .put("problems", p.problems());
    if (p.stopped() != null) {
      body.put("stopped", p.stopped());
    }
    ArrayNode shown = body.putArray("first_problems");
    p.shown().forEach(shown::add);
    return body;
  }
}
