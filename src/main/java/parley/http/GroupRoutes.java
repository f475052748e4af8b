package parley.http;

import static org.apache.pekko.http.javadsl.server.Directives.completeWithFuture;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.delete;
import static org.apache.pekko.http.javadsl.server.Directives.patch;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathEnd;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;
import static org.apache.pekko.http.javadsl.server.Directives.post;
import static org.apache.pekko.http.javadsl.server.Directives.put;
import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Route;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.UserId;
import parley.protocol.Request;
import parley.protocol.RequestReader;
import parley.session.OverRate;

/** Routes of groups: creation and administration. The conversation knows who is an admin. */
final class GroupRoutes {
  private final RouteSupport routeSupport;
  private final GroupCreation groupCreation;

  GroupRoutes(RouteSupport routeSupport) {
    this.routeSupport = routeSupport;
    this.groupCreation = new GroupCreation(routeSupport);
  }

  Route route() {
    return pathPrefix(
        "groups",
        () ->
            concat(
                pathEnd(() -> post(this::create)),
                path(segment(), id -> patch(() -> withConversation(id, this::change))),
                path(
                    segment().slash("members"),
                    id -> post(() -> withConversation(id, this::addMembers))),
                path(
                    segment().slash("members").slash(segment()),
                    (id, member) ->
                        concat(
                            put(() -> withMember(id, member, this::setRole)),
                            delete(() -> withMember(id, member, this::removeMember))))));
  }

  private Route withConversation(String segment, BiFunction<UserId, ConversationId, Route> inner) {
    return routeSupport.authenticated(
        me -> routeSupport.conversation(segment, id -> inner.apply(me, id)));
  }

  @FunctionalInterface
  private interface MemberRoute {
    Route of(UserId me, ConversationId id, UserId member);
  }

  private Route withMember(String segment, String member, MemberRoute inner) {
    return withConversation(
        segment,
        (me, id) -> routeSupport.id("user_id", member, user -> inner.of(me, id, new UserId(user))));
  }

  private Route create() {
    return routeSupport.authenticated(
        me ->
            routeSupport.body(
                RequestReader::createGroup,
                g -> routeSupport.write(me, () -> groupCreation.create(me, g))));
  }

  private Route change(UserId me, ConversationId id) {
    return routeSupport.body(
        RequestReader::patchGroup,
        (Request.PatchGroup g) ->
            askToChange(
                me, 200, id, to -> new Conversation.ChangeGroup(me, g.name(), g.avatarUrl(), to)));
  }

  private Route addMembers(UserId me, ConversationId id) {
    return routeSupport.body(
        RequestReader::addMembers,
        (Request.AddMembers add) ->
            askToChange(me, 200, id, to -> new Conversation.AddMembers(me, add.userIds(), to)));
  }

  private Route setRole(UserId me, ConversationId id, UserId member) {
    return routeSupport.body(
        RequestReader::setRole,
        (Request.SetRole set) ->
            askToChange(me, 200, id, to -> new Conversation.SetRole(me, member, set.role(), to)));
  }

  private Route removeMember(UserId me, ConversationId id, UserId member) {
    return completeWithFuture(
        askToChange(me, 204, id, to -> new Conversation.RemoveMember(me, member, to)));
  }

  /** A change adds an entry to the log, so it counts as one of the user's messages. */
  private CompletionStage<HttpResponse> askToChange(
      UserId me,
      int status,
      ConversationId id,
      Function<ActorRef<Conversation.ViewReply>, Conversation.Command> command) {
    return routeSupport.write(me, () -> askWithinBudget(me, status, id, command));
  }

  private CompletionStage<HttpResponse> askWithinBudget(
      UserId me,
      int status,
      ConversationId id,
      Function<ActorRef<Conversation.ViewReply>, Conversation.Command> command) {
    WriteBudget budget = routeSupport.services().budget();
    OverRate over = budget.tryTake(me);
    if (over != null) {
      budget.countRefusal(over.limit());
      return CompletableFuture.completedFuture(Problems.tooMany(over.waitMillis()));
    }
    return routeSupport
        .askConversation(id, command)
        .thenApply(reply -> HttpAnswers.of(status, reply));
  }
}
