package parley.admin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.RecipientRef;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;
import org.jspecify.annotations.Nullable;
import parley.cluster.Capability;
import parley.model.ErrorCode;
import parley.model.IdRules;
import parley.model.UserId;
import parley.user.User;
import parley.user.UserAdministration;

/**
 * Routes that change a user:
 *
 * <pre>
 *   POST   /admin/users/{id}/ban            {reason, minutes?}
 *   DELETE /admin/users/{id}/ban
 *   DELETE /admin/users/{id}/sessions       all sessions, and the logins of all devices
 *   DELETE /admin/users/{id}/sessions/{id}
 * </pre>
 *
 * <p>They answer 204 when the change is durable and the user's sessions have ended or have been
 * told several times, 404 if there is no such user or session, and 503 if the user does not answer:
 * then it may hold or not, and may be repeated. They answer 503 too, and do nothing, while a node
 * is in the cluster that cannot read bans ({@link Capability#BANS}): its next snapshot of the user
 * would be without the ban.
 *
 * <p>They do not need {@code PARLEY_MANAGEMENT_WRITE}, which guards the cluster and the store: who
 * runs a chat bans people every day. {@link AdminAccess} says who may.
 */
public final class UserAdminRoutes extends AdminAnswers {
  /** Longer than a slow write, and than a user waits for its sessions to end. */
  static final Duration TIMEOUT = Duration.ofSeconds(8);

  private static final Duration BODY_TIMEOUT = Duration.ofSeconds(5);
  private static final int MAX_BODY_BYTES = 16 * 1024;

  private final Function<UserId, RecipientRef<User.Command>> users;
  private final Logins logins;
  private final BooleanSupplier readableByAll;

  /** Ends logins at the account. */
  @FunctionalInterface
  public interface Logins {
    /** Ends all logins of this user, if the name is that of the user's account. */
    CompletionStage<Boolean> endAll(String username, UserId user);
  }

  public UserAdminRoutes(
      ActorSystem<?> system, Function<UserId, RecipientRef<User.Command>> users, Logins logins) {
    this(system, users, logins, () -> Capability.BANS.isEverywhere(system));
  }

  /**
   * The routes.
   *
   * @param readableByAll whether every node can read what these changes write
   */
  UserAdminRoutes(
      ActorSystem<?> system,
      Function<UserId, RecipientRef<User.Command>> users,
      Logins logins,
      BooleanSupplier readableByAll) {
    super(system, "users", true);
    this.users = users;
    this.logins = logins;
    this.readableByAll = readableByAll;
  }

  @Override
  public Route routes() {
    return concat(
        path(
            PathMatchers.segment("users").slash(PathMatchers.segment()).slash("ban"),
            id ->
                concat(
                    post(() -> extractRequest(request -> answer(() -> ban(user(id), request)))),
                    delete(() -> answer(() -> tell(user(id), UserAdministration.LiftBan::new))))),
        path(
            PathMatchers.segment("users").slash(PathMatchers.segment()).slash("sessions"),
            id -> delete(() -> answer(() -> endAll(user(id))))),
        path(
            PathMatchers.segment("users")
                .slash(PathMatchers.segment())
                .slash("sessions")
                .slash(PathMatchers.segment()),
            (id, session) ->
                delete(() -> answer(() -> endSessions(user(id), id("session_id", session))))));
  }

  private static UserId user(String id) {
    return new UserId(id("user_id", id));
  }

  private static String id(String name, String text) {
    if (!IdRules.isId(text)) {
      throw new BadRequestException(
          name + ": 1 to " + IdRules.MAX_LENGTH + " visible ASCII characters");
    }
    return text;
  }

  // ---- sessions

  /**
   * Ends all logins at the account first, also those that no device has used and that the user does
   * not know; then the sessions, and the logins that only the user knows.
   */
  private CompletionStage<HttpResponse> endAll(UserId user) {
    if (!readableByAll.getAsBoolean()) {
      return olderNode();
    }
    return AskPattern.<User.Command, User.ProfileReply>ask(
            users.apply(user), User.GetProfile::new, TIMEOUT, system.scheduler())
        .thenCompose(
            reply ->
                reply instanceof User.Found found
                    ? logins.endAll(found.profile().username(), user)
                    : CompletableFuture.completedFuture(true))
        .thenCompose(ended -> endSessions(user, null));
  }

  private CompletionStage<HttpResponse> endSessions(UserId user, @Nullable String session) {
    return tell(user, replyTo -> new UserAdministration.EndSessions(session, replyTo));
  }

  // ---- bans

  private record Wanted(String reason, int minutes) {}

  private CompletionStage<HttpResponse> ban(UserId user, HttpRequest request) {
    return request
        .entity()
        .withSizeLimit(MAX_BODY_BYTES)
        .toStrict(BODY_TIMEOUT.toMillis(), system)
        .handle(
            (body, failure) -> {
              if (body == null) {
                throw new BadRequestException(
                    "body: it did not arrive, or has more than " + MAX_BODY_BYTES + " bytes");
              }
              return body.getData().decodeString(StandardCharsets.UTF_8);
            })
        .thenCompose(
            body -> {
              Wanted wanted = parse(body);
              return tell(
                  user,
                  replyTo ->
                      new UserAdministration.SetBan(wanted.reason(), wanted.minutes(), replyTo));
            });
  }

  private static Wanted parse(String body) {
    JsonNode json;
    try {
      json = JSON.readTree(body);
    } catch (JsonProcessingException e) {
      throw new BadRequestException("body: not JSON");
    }
    if (json == null || !json.isObject()) {
      throw new BadRequestException("body: {\"reason\": …, \"minutes\": …}");
    }
    // A misspelt "minutes" must not ban for ever.
    for (String field : json.properties().stream().map(Map.Entry::getKey).toList()) {
      if (!field.equals("reason") && !field.equals("minutes")) {
        throw new BadRequestException("body: only reason and minutes are known");
      }
    }
    JsonNode reason = json.path("reason");
    String text = reason.isTextual() ? reason.asText().strip() : "";
    if (text.isEmpty() || text.length() > UserAdministration.REASON_LENGTH) {
      throw new BadRequestException(
          "reason: 1 to " + UserAdministration.REASON_LENGTH + " characters");
    }
    boolean readable =
        text.codePoints()
            .noneMatch(
                c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE);
    if (!readable) {
      throw new BadRequestException("reason: no control characters, no half of a character");
    }
    JsonNode minutes = json.path("minutes");
    if (minutes.isMissingNode() || minutes.isNull()) {
      return new Wanted(text, 0);
    }
    if (!minutes.isIntegralNumber()
        || !minutes.canConvertToInt()
        || minutes.asInt() < 1
        || minutes.asInt() > UserAdministration.MAX_MINUTES) {
      throw new BadRequestException(
          "minutes: a whole number from 1 to " + UserAdministration.MAX_MINUTES);
    }
    return new Wanted(text, minutes.asInt());
  }

  private CompletionStage<HttpResponse> tell(
      UserId user, Function<ActorRef<User.DoneReply>, UserAdministration> command) {
    if (!readableByAll.getAsBoolean()) {
      return olderNode();
    }
    return AskPattern.<User.Command, User.DoneReply>ask(
            users.apply(user), command::apply, TIMEOUT, system.scheduler())
        .thenApply(
            reply ->
                switch (reply) {
                  case User.Done done -> HttpResponse.create().withStatus(204);
                  case User.Refused refused ->
                      problem(
                          refused.refusal().code() == ErrorCode.NOT_FOUND ? 404 : 503,
                          refused.refusal().message());
                });
  }

  private static CompletionStage<HttpResponse> olderNode() {
    return CompletableFuture.completedFuture(
        ManagementProblems.of(
            ErrorCode.UNAVAILABLE,
            "a node of an older version is in the cluster, which knows no bans; nothing was"
                + " changed; ask again after the upgrade"));
  }
}
