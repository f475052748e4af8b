package parley.admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.RecipientRef;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;
import parley.conversation.Conversation;
import parley.conversation.ConversationInspection;
import parley.model.ConversationId;
import parley.model.ErrorCode;
import parley.model.Refusal;
import parley.model.UserId;
import parley.user.User;
import parley.user.UserInspection;

/**
 * Routes that show where a message is, and a conversation or a user as a whole. They only read, and
 * show neither content nor names.
 *
 * <pre>
 *   GET /admin/conversations/{id}/entries/{seq}
 *     -- FindEntry --&gt; Conversation            tier, event, dispatch and cursors of each member
 *     -- FindEntry --&gt; User of each member     sessions, acknowledgements and pushes of each device
 * </pre>
 *
 * <p>At most {@link ConversationInspection#MEMBERS} members an answer, {@value #PARALLEL} users at
 * a time. A user that does not answer within {@link #USER_TIMEOUT}, or all users together within
 * {@link #USERS_TIMEOUT}, is shown as unavailable; the answer is given without it. That is also so
 * for a user on a node of an older version, which does not know the question.
 *
 * <p>Nothing is written, so a crash loses only the answer. An answer costs one read of the journal
 * or the cold tier, and starts the entities that are not in memory. Whoever reaches the port can
 * ask as often as its connections allow; a conversation refuses more than a few look-ups at a time.
 */
public final class InspectionRoutes extends AdminAnswers {
  /** The most users that are asked at a time. */
  static final int PARALLEL = 8;

  /** How long the conversation may take, which may have to read the cold tier. */
  static final Duration CONVERSATION_TIMEOUT = Duration.ofSeconds(6);

  /**
   * How long one user may take. A user that has just started may wait three seconds for its rows.
   */
  static final Duration USER_TIMEOUT = Duration.ofSeconds(4);

  /** How long all users of an answer together may take. */
  static final Duration USERS_TIMEOUT = Duration.ofSeconds(8);

  private final Function<ConversationId, RecipientRef<Conversation.Command>> conversations;
  private final Function<UserId, RecipientRef<User.Command>> users;
  private final LongSupplier nanos;

  /** The answer of a member's user; null if it gave none. */
  private record Member(
      ConversationInspection.MemberStatus status, UserInspection.@Nullable EntryStatus entry) {}

  /**
   * Creates the routes.
   *
   * @param nanos a clock for timeouts, as {@link System#nanoTime}
   */
  public InspectionRoutes(
      ActorSystem<?> system,
      Function<ConversationId, RecipientRef<Conversation.Command>> conversations,
      Function<UserId, RecipientRef<User.Command>> users,
      LongSupplier nanos) {
    super(system, "inspection", false);
    this.conversations = conversations;
    this.users = users;
    this.nanos = nanos;
  }

  @Override
  public Route routes() {
    return get(
        () ->
            concat(
                path(
                    PathMatchers.segment("conversations")
                        .slash(PathMatchers.segment())
                        .slash("entries")
                        .slash(PathMatchers.longSegment()),
                    this::entry),
                path(
                    PathMatchers.segment("conversations").slash(PathMatchers.segment()),
                    id -> answer(() -> conversation(id(id, ConversationId::new)))),
                path(
                    PathMatchers.segment("users").slash(PathMatchers.segment()),
                    id -> answer(() -> user(id(id, UserId::new))))));
  }

  private Route entry(String id, Long seq) {
    return parameterOptional(
        "after",
        after ->
            answer(
                () ->
                    entry(
                        id(id, ConversationId::new),
                        seq,
                        after.map(user -> id(user, UserId::new)))));
  }

  private static <T> T id(String text, Function<String, T> parsed) {
    try {
      return parsed.apply(text);
    } catch (IllegalArgumentException e) {
      throw new BadRequestException(String.valueOf(e.getMessage()));
    }
  }

  // ---- an entry

  private CompletionStage<HttpResponse> entry(ConversationId id, long seq, Optional<UserId> after) {
    return AskPattern.<Conversation.Command, ConversationInspection.EntryReply>ask(
            conversations.apply(id),
            replyTo -> new ConversationInspection.FindEntry(seq, after.orElse(null), replyTo),
            CONVERSATION_TIMEOUT,
            system.scheduler())
        .thenCompose(
            reply ->
                switch (reply) {
                  case ConversationInspection.EntryFound found ->
                      members(id, seq, found)
                          .thenApply(members -> json(200, json(id, seq, found, members)));
                  case ConversationInspection.Unanswered none ->
                      CompletableFuture.completedFuture(
                          problem(none.refusal(), "there is no such entry"));
                });
  }

  private CompletionStage<List<Member>> members(
      ConversationId id, long seq, ConversationInspection.EntryFound found) {
    long end = nanos.getAsLong() + USERS_TIMEOUT.toNanos();
    return Source.from(found.members())
        .mapAsync(PARALLEL, status -> member(id, seq, found, status, end))
        .runWith(Sink.seq(), system);
  }

  private CompletionStage<Member> member(
      ConversationId id,
      long seq,
      ConversationInspection.EntryFound found,
      ConversationInspection.MemberStatus status,
      long end) {
    Duration left = Duration.ofNanos(end - nanos.getAsLong());
    if (left.compareTo(Duration.ofMillis(1)) < 0) {
      return CompletableFuture.completedFuture(new Member(status, null));
    }
    boolean wakes =
        found.countable()
            && !found.senderId().equals(status.userId())
            && status.dispatch() != ConversationInspection.DispatchStatus.JOINED_LATER;
    return AskPattern.<User.Command, UserInspection.EntryReply>ask(
            users.apply(status.userId()),
            replyTo -> new UserInspection.FindEntry(id, seq, wakes, replyTo),
            left.compareTo(USER_TIMEOUT) < 0 ? left : USER_TIMEOUT,
            system.scheduler())
        .handle(
            (reply, failure) ->
                new Member(
                    status, reply instanceof UserInspection.EntryStatus entry ? entry : null));
  }

  private static ObjectNode json(
      ConversationId id, long seq, ConversationInspection.EntryFound found, List<Member> members) {
    ObjectNode body = InspectionJson.entry(id, seq, found);
    ArrayNode array = body.putArray("members");
    members.forEach(one -> array.add(InspectionJson.member(one.status(), one.entry())));
    if (found.more()) {
      body.put("next_after", found.members().getLast().userId().value());
    }
    return body;
  }

  // ---- a conversation, a user

  private CompletionStage<HttpResponse> conversation(ConversationId id) {
    return AskPattern.<Conversation.Command, ConversationInspection.OverviewReply>ask(
            conversations.apply(id),
            ConversationInspection.GetOverview::new,
            CONVERSATION_TIMEOUT,
            system.scheduler())
        .thenApply(
            reply ->
                switch (reply) {
                  case ConversationInspection.Overview overview ->
                      json(200, InspectionJson.conversation(id, overview));
                  case ConversationInspection.Unanswered none ->
                      problem(none.refusal(), "there is no such conversation");
                });
  }

  private CompletionStage<HttpResponse> user(UserId id) {
    return AskPattern.<User.Command, UserInspection.OverviewReply>ask(
            users.apply(id), UserInspection.GetOverview::new, USER_TIMEOUT, system.scheduler())
        .thenApply(
            reply ->
                switch (reply) {
                  case UserInspection.Overview overview ->
                      json(200, InspectionJson.user(id, overview));
                  case UserInspection.Unanswered none ->
                      problem(none.refusal(), "there is no such user");
                });
  }

  private static HttpResponse problem(Refusal refusal, String missing) {
    return refusal.code() == ErrorCode.NOT_FOUND
        ? problem(404, missing)
        : problem(503, refusal.message());
  }
}
