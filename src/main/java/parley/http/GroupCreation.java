package parley.http;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.jspecify.annotations.Nullable;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.ErrorCode;
import parley.model.Refusal;
import parley.model.UserId;
import parley.protocol.Request;
import parley.session.OverRate;
import parley.user.User;

/**
 * Creates groups.
 *
 * <pre>
 *   one of the messages ──▶ User.BeginGroup ──▶ Conversation.CreateGroup ──▶ 201
 *                           (id, durable)          └─ exists already ──────▶ 200, message given back
 * </pre>
 *
 * <p>A creation counts as one message of the user's rate. The creator's user entity stores the
 * {@code client_ref} with the id of the group, and counts the groups of the day. It is the only
 * writer of both, whichever node handles the call. If the call is cut off between the two steps,
 * the next attempt gets the same id and creates the group then. An attempt counts in the quota of
 * the day even if the group is refused; its retry under the same {@code client_ref} does not count
 * again. A creator that has left the group gets {@code not_found} for it, as for every group it is
 * not in.
 */
final class GroupCreation {
  private final RouteSupport routeSupport;

  GroupCreation(RouteSupport routeSupport) {
    this.routeSupport = routeSupport;
  }

  CompletionStage<HttpResponse> create(UserId me, Request.CreateGroup g) {
    WriteBudget budget = routeSupport.services().budget();
    @Nullable OverRate over = budget.tryTake(me);
    @Nullable String ref = g.clientRef();
    if (over != null && ref == null) {
      return CompletableFuture.completedFuture(overRate(over));
    }
    ConversationId id = ConversationId.group(routeSupport.services().newId().get());
    if (ref == null && budget.groupsPerDay() == 0) {
      return createGroup(me, id, g, false);
    }
    return routeSupport
        .<User.GroupReply>askUser(
            me,
            to -> new User.BeginGroup(ref, id, budget.groupsPerDay(), OverRate.waitOf(over), to))
        .thenCompose(
            reply ->
                switch (reply) {
                  case User.GroupBegun begun ->
                      over != null
                          ? existingGroup(me, begun.conversationId(), over)
                          : createGroup(me, begun.conversationId(), g, true);
                  case User.Refused refused ->
                      CompletableFuture.completedFuture(refused(refused.refusal(), over));
                });
  }

  private HttpResponse refused(Refusal refusal, @Nullable OverRate over) {
    if (refusal.code() == ErrorCode.RATE_LIMITED) {
      routeSupport
          .services()
          .budget()
          .countRefusal(over != null ? over.limit() : WriteBudget.GROUPS_PER_DAY);
    }
    return Problems.of(refusal);
  }

  private HttpResponse overRate(OverRate over) {
    return routeSupport.tooMany(over.limit(), over.waitMillis());
  }

  private CompletionStage<HttpResponse> createGroup(
      UserId me, ConversationId id, Request.CreateGroup g, boolean perhapsAgain) {
    return routeSupport
        .<Conversation.ViewReply>askConversation(
            id, to -> new Conversation.CreateGroup(me, g.name(), g.avatarUrl(), g.memberIds(), to))
        .thenApply(
            reply -> {
              boolean existed =
                  perhapsAgain && reply instanceof Conversation.Viewed viewed && viewed.existed();
              if (existed) {
                routeSupport.services().budget().giveBack(me);
              }
              return HttpAnswers.of(existed ? 200 : 201, reply);
            });
  }

  /**
   * The user has used up the message rate: it gets a group that it created before, but creates
   * none.
   */
  private CompletionStage<HttpResponse> existingGroup(UserId me, ConversationId id, OverRate over) {
    return routeSupport
        .<Conversation.ViewReply>askConversation(id, to -> new Conversation.GetView(me, to))
        .thenApply(
            reply ->
                reply instanceof Conversation.Refused refused
                        && refused.refusal().code() == ErrorCode.NOT_FOUND
                    ? overRate(over)
                    : HttpAnswers.of(200, reply));
  }
}
