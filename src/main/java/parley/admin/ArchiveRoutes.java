package parley.admin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.LocalDate;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;
import org.jspecify.annotations.Nullable;

/**
 * Routes that enter all conversations into the archive's calendar, under {@code
 * /admin/archive/enrolment}: POST starts the job, GET shows its progress, DELETE ends it. POST and
 * DELETE answer 405 unless {@code PARLEY_MANAGEMENT_WRITE} is on, like every change by this port.
 */
public final class ArchiveRoutes extends AdminAnswers {
  private static final Duration TIMEOUT = Duration.ofSeconds(3);

  private final @Nullable ActorRef<ArchiveEnrolment.Command> enrolment;

  /**
   * The routes.
   *
   * @param enrolment null if nothing is archived
   */
  public ArchiveRoutes(
      ActorSystem<?> system,
      @Nullable ActorRef<ArchiveEnrolment.Command> enrolment,
      boolean write) {
    super(system, "archive enrolment", write);
    this.enrolment = enrolment;
  }

  @Override
  public Route routes() {
    return path(
        PathMatchers.segment("archive").slash("enrolment"),
        () -> {
          ActorRef<ArchiveEnrolment.Command> job = enrolment;
          return job == null
              ? complete(problem(409, "PARLEY_COLD_STORE is off: nothing is archived"))
              : concat(
                  get(() -> answer(() -> progress(job))),
                  delete(() -> requireWrite(() -> answer(() -> cancel(job)))),
                  post(
                      () ->
                          parameterOptional(
                              "per_second",
                              text ->
                                  requireWrite(
                                      () ->
                                          answer(
                                              () ->
                                                  start(
                                                      job,
                                                      number(
                                                          "per_second",
                                                          text,
                                                          ArchiveEnrolment.DEFAULT_PER_SECOND,
                                                          ArchiveEnrolment.MAX_PER_SECOND)))))));
        });
  }

  private CompletionStage<HttpResponse> start(
      ActorRef<ArchiveEnrolment.Command> job, int perSecond) {
    return AskPattern.<ArchiveEnrolment.Command, ArchiveEnrolment.Started>ask(
            job,
            replyTo -> new ArchiveEnrolment.Start(perSecond, replyTo),
            TIMEOUT,
            system.scheduler())
        .thenApply(started -> json(started.started() ? 202 : 409, progress(started.progress())));
  }

  private CompletionStage<HttpResponse> progress(ActorRef<ArchiveEnrolment.Command> job) {
    return AskPattern.<ArchiveEnrolment.Command, ArchiveEnrolment.Progress>ask(
            job, ArchiveEnrolment.GetProgress::new, TIMEOUT, system.scheduler())
        .thenApply(progress -> json(200, progress(progress)));
  }

  private CompletionStage<HttpResponse> cancel(ActorRef<ArchiveEnrolment.Command> job) {
    return AskPattern.<ArchiveEnrolment.Command, ArchiveEnrolment.Progress>ask(
            job, ArchiveEnrolment.Cancel::new, TIMEOUT, system.scheduler())
        .thenApply(progress -> json(200, progress(progress)));
  }

  private static ObjectNode progress(ArchiveEnrolment.Progress p) {
    ObjectNode body =
        JSON.createObjectNode()
            .put("running", p.running())
            .put("per_second", p.perSecond())
            .put("seen", p.seen())
            .put("entered", p.entered())
            .put("failed", p.failed());
    if (p.lastDay() > 0) {
      body.put("last_day", LocalDate.ofEpochDay(p.lastDay()).toString());
    }
    if (p.stopped() != null) {
      body.put("stopped", p.stopped());
    }
    return body;
  }
}
