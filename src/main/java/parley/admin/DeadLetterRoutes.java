package parley.admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;
import org.jspecify.annotations.Nullable;
import parley.model.UserId;
import parley.push.DeadLetter;
import parley.push.DeadLetters;

/**
 * Routes for dead letters, under {@code /admin/push/dead-letters}: list, delete, replay. Deletes
 * and replays answer 405 unless {@code PARLEY_MANAGEMENT_WRITE} is on, like every change by this
 * port.
 */
public final class DeadLetterRoutes extends AdminAnswers {
  private static final Duration TIMEOUT = Duration.ofSeconds(3);
  private static final int PAGE_DEFAULT = 50;
  private static final int BATCH_DEFAULT = 50;

  private final DeadLetters letters;
  private final ActorRef<DeadLetterReplay.Command> replay;

  /** Where the next page begins. */
  private record PagePosition(int slot, long after) {}

  public DeadLetterRoutes(
      ActorSystem<?> system,
      DeadLetters letters,
      ActorRef<DeadLetterReplay.Command> replay,
      boolean write) {
    super(system, "dead letters", write);
    this.letters = letters;
    this.replay = replay;
  }

  @Override
  public Route routes() {
    return pathPrefix(
        PathMatchers.segment("push").slash("dead-letters"),
        () ->
            concat(
                pathEndOrSingleSlash(() -> concat(get(this::list), delete(this::deleteAll))),
                path(
                    "replay",
                    () -> concat(get(() -> answer(this::progress)), post(this::startReplay))),
                path(
                    PathMatchers.segment(),
                    id -> delete(() -> requireWrite(() -> answer(() -> deleteOne(id)))))));
  }

  // ---- list

  private Route list() {
    return parameterOptional(
        "user",
        user ->
            parameterOptional(
                "limit",
                limit ->
                    parameterOptional(
                        "cursor",
                        cursor ->
                            answer(
                                () ->
                                    list(
                                        user(user),
                                        number("limit", limit, PAGE_DEFAULT, DeadLetters.PAGE),
                                        parsePosition(cursor))))));
  }

  private CompletionStage<HttpResponse> list(@Nullable UserId user, int limit, PagePosition from) {
    ObjectNode body = JSON.createObjectNode();
    ArrayNode array = body.putArray("letters");
    PagePosition start =
        user != null && from.slot() < DeadLetters.slot(user)
            ? new PagePosition(DeadLetters.slot(user), 0)
            : from;
    return fill(array, user, limit, start)
        .thenApply(
            next -> {
              next.ifPresent(
                  pagePosition ->
                      body.put("next_cursor", pagePosition.slot() + "-" + pagePosition.after()));
              return json(200, body);
            });
  }

  /**
   * Fills the page slot by slot. Returns where the next page begins, or empty if this is the last
   * one.
   */
  private CompletionStage<Optional<PagePosition>> fill(
      ArrayNode array, @Nullable UserId user, int limit, PagePosition from) {
    if (from.slot() >= DeadLetters.SLOTS
        || (user != null && from.slot() > DeadLetters.slot(user))) {
      return CompletableFuture.completedFuture(Optional.empty());
    }
    int room = limit - array.size();
    if (room <= 0) {
      return CompletableFuture.completedFuture(Optional.of(from));
    }
    return letters
        .page(from.slot(), user, from.after(), room)
        .thenCompose(
            page -> {
              page.letters().forEach(letter -> array.add(json(letter)));
              PagePosition next =
                  page.more()
                      ? new PagePosition(from.slot(), page.letters().getLast().nr())
                      : new PagePosition(from.slot() + 1, 0);
              return fill(array, user, limit, next);
            });
  }

  private static ObjectNode json(DeadLetters.Letter one) {
    DeadLetter letter = one.letter();
    return JSON.createObjectNode()
        .put("id", one.id())
        .put("user_id", letter.userId().value())
        .put("device_id", letter.deviceId().value())
        .put("platform", letter.platform())
        .put("conversation_id", letter.conversationId().value())
        .put("seq", letter.seq())
        .put("reason", letter.reason())
        .put("tries", letter.tries())
        .put("time", Instant.ofEpochMilli(letter.at()).toString());
  }

  // ---- delete

  private CompletionStage<HttpResponse> deleteOne(String id) {
    PagePosition pagePosition = parsePosition(Optional.of(id));
    return letters
        .remove(pagePosition.slot(), List.of(pagePosition.after()))
        .thenApply(
            count ->
                count > 0
                    ? HttpResponse.create().withStatus(204)
                    : problem(404, "there is no such dead letter"));
  }

  private Route deleteAll() {
    return parameterOptional(
        "user",
        user ->
            parameterOptional(
                "all",
                all ->
                    requireWrite(
                        () ->
                            answer(
                                () -> {
                                  UserId of = user(user);
                                  if (of == null && !all.equals(Optional.of("true"))) {
                                    throw new BadRequestException("user=ID or all=true");
                                  }
                                  int first = of == null ? 0 : DeadLetters.slot(of);
                                  int last = of == null ? DeadLetters.SLOTS - 1 : first;
                                  return deleteFrom(of, first, last, 0)
                                      .thenApply(
                                          count ->
                                              json(
                                                  200,
                                                  JSON.createObjectNode().put("deleted", count)));
                                }))));
  }

  private CompletionStage<Integer> deleteFrom(
      @Nullable UserId user, int slot, int last, int deleted) {
    if (slot > last) {
      return CompletableFuture.completedFuture(deleted);
    }
    return letters
        .page(slot, user, 0, DeadLetters.PAGE)
        .thenCompose(
            page -> {
              if (page.letters().isEmpty()) {
                return deleteFrom(user, slot + 1, last, deleted);
              }
              List<Long> nrs = page.letters().stream().map(DeadLetters.Letter::nr).toList();
              return letters
                  .remove(slot, nrs)
                  .thenCompose(count -> deleteFrom(user, slot, last, deleted + count));
            });
  }

  // ---- replay

  private Route startReplay() {
    return parameterOptional(
        "user",
        user ->
            parameterOptional(
                "batch",
                batch ->
                    parameterOptional(
                        "dry_run",
                        dry ->
                            requireWrite(
                                () ->
                                    answer(
                                        () ->
                                            start(
                                                user(user),
                                                number(
                                                    "batch",
                                                    batch,
                                                    BATCH_DEFAULT,
                                                    DeadLetters.PAGE),
                                                flag("dry_run", dry)))))));
  }

  private CompletionStage<HttpResponse> start(@Nullable UserId user, int batch, boolean dryRun) {
    return AskPattern.<DeadLetterReplay.Command, DeadLetterReplay.Started>ask(
            replay,
            replyTo -> new DeadLetterReplay.Start(user, batch, dryRun, replyTo),
            TIMEOUT,
            system.scheduler())
        .thenApply(started -> json(started.started() ? 202 : 409, progress(started.progress())));
  }

  private CompletionStage<HttpResponse> progress() {
    return AskPattern.<DeadLetterReplay.Command, DeadLetterReplay.Progress>ask(
            replay, DeadLetterReplay.GetProgress::new, TIMEOUT, system.scheduler())
        .thenApply(progress -> json(200, progress(progress)));
  }

  private static ObjectNode progress(DeadLetterReplay.Progress p) {
    ObjectNode body =
        JSON.createObjectNode()
            .put("running", p.running())
            .put("dry_run", p.dryRun())
            .put("batch", p.batch())
            .put("slots_done", p.slots())
            .put("slots", DeadLetters.SLOTS)
            .put("letters", p.seen())
            .put("failed", p.failed());
    if (p.user() != null) {
      body.put("user_id", p.user().value());
    }
    if (p.stopped() != null) {
      body.put("stopped", p.stopped());
    }
    ObjectNode outcomes = body.putObject("outcomes");
    p.outcomes()
        .forEach((need, count) -> outcomes.put(need.name().toLowerCase(Locale.ROOT), count));
    return body;
  }

  // ---- helpers

  private static @Nullable UserId user(Optional<String> text) {
    try {
      return text.map(UserId::new).orElse(null);
    } catch (IllegalArgumentException e) {
      throw new BadRequestException("user: not an id");
    }
  }

  private static boolean flag(String name, Optional<String> text) {
    return switch (text.orElse("false")) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new BadRequestException(name + ": true or false");
    };
  }

  private static PagePosition parsePosition(Optional<String> text) {
    if (text.isEmpty()) {
      return new PagePosition(0, 0);
    }
    String[] parts = text.get().split("-", -1);
    try {
      if (parts.length == 2) {
        PagePosition pagePosition =
            new PagePosition(Integer.parseInt(parts[0]), Long.parseLong(parts[1]));
        if (pagePosition.slot() >= 0
            && pagePosition.slot() < DeadLetters.SLOTS
            && pagePosition.after() >= 0) {
          return pagePosition;
        }
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new BadRequestException(
        "not a position or id of a dead letter: " + parts.length + " parts");
  }
}
