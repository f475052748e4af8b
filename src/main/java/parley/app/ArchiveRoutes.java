package parley.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.LocalDate;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;
import org.jspecify.annotations.Nullable;

/**
 * Enters all conversations into the archive's calendar, under {@code /admin/archive/enrolment}:
 * POST begins, GET says how far it is, DELETE ends it. What changes something answers 405 unless
 * {@code PARLEY_MANAGEMENT_WRITE} is on, as all of this port.
 */
final class ArchiveRoutes extends AllDirectives implements AdminRoutes {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration TIMEOUT = Duration.ofSeconds(3);

  private final ActorSystem<?> system;
  private final @Nullable ActorRef<ArchiveEnrolment.Command> enrolment;
  private final boolean write;

  /**
   * The routes.
   *
   * @param enrolment null where nothing is archived
   */
  ArchiveRoutes(
      ActorSystem<?> system,
      @Nullable ActorRef<ArchiveEnrolment.Command> enrolment,
      boolean write) {
    this.system = system;
    this.enrolment = enrolment;
    this.write = write;
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
                  delete(() -> writing(() -> answer(() -> cancel(job)))),
                  post(
                      () ->
                          parameterOptional(
                              "per_second", text -> writing(() -> start(job, perSecond(text))))));
        });
  }

  private Route start(ActorRef<ArchiveEnrolment.Command> job, OptionalInt perSecond) {
    return perSecond.isEmpty()
        ? complete(problem(400, "per_second: from 1 to " + ArchiveEnrolment.MOST))
        : answer(
            () ->
                AskPattern.<ArchiveEnrolment.Command, ArchiveEnrolment.Started>ask(
                        job,
                        replyTo -> new ArchiveEnrolment.Start(perSecond.getAsInt(), replyTo),
                        TIMEOUT,
                        system.scheduler())
                    .thenApply(
                        started ->
                            json(started.started() ? 202 : 409, progress(started.progress()))));
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

  private static OptionalInt perSecond(Optional<String> text) {
    try {
      int number = text.map(Integer::parseInt).orElse(ArchiveEnrolment.PACE);
      return number >= 1 && number <= ArchiveEnrolment.MOST
          ? OptionalInt.of(number)
          : OptionalInt.empty();
    } catch (NumberFormatException e) {
      return OptionalInt.empty();
    }
  }

  private Route writing(Supplier<Route> inner) {
    return write
        ? inner.get()
        : complete(problem(405, "PARLEY_MANAGEMENT_WRITE is not true: this port only reads"));
  }

  private Route answer(Supplier<CompletionStage<HttpResponse>> work) {
    return completeWithFuture(
        work.get()
            .exceptionally(
                failure -> {
                  system.log().warn("the enrolment does not answer: {}", failure.toString());
                  return problem(503, "the enrolment does not answer; ask again");
                }));
  }

  private static HttpResponse json(int status, ObjectNode body) {
    return HttpResponse.create()
        .withStatus(status)
        .withEntity(ContentTypes.APPLICATION_JSON, body.toString());
  }

  private static HttpResponse problem(int status, String detail) {
    return json(status, JSON.createObjectNode().put("detail", detail));
  }
}
