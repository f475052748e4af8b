package parley.http;

import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.post;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Route;
import org.jspecify.annotations.Nullable;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.ErrorCode;
import parley.model.UserId;
import parley.protocol.ClientFrame;
import parley.protocol.HttpWriter;
import parley.protocol.RequestReader;
import parley.protocol.ServerFrame;
import parley.session.OverRate;
import parley.telemetry.MessageSpan;
import parley.telemetry.Tracing;

/**
 * The route that sends a message without a socket. After a 503 the message may have been stored all
 * the same. A retry with the same {@code client_msg_id} finds out and stores no duplicate.
 */
final class MessageRoutes {
  private final RouteSupport routeSupport;

  MessageRoutes(RouteSupport routeSupport) {
    this.routeSupport = routeSupport;
  }

  Route route() {
    return path(
        "messages",
        () ->
            post(
                () ->
                    routeSupport.authenticated(
                        me ->
                            routeSupport.body(
                                RequestReader::postMessage,
                                p -> routeSupport.write(me, () -> send(me, p))))));
  }

  private CompletionStage<HttpResponse> send(UserId me, ClientFrame.Post post) {
    @Nullable UserId to = post.to();
    if (me.equals(to)) {
      return CompletableFuture.completedFuture(Problems.badField("to", "to must be somebody else"));
    }
    WriteBudget budget = routeSupport.services().budget();
    // Over the rate, the retry of an accepted message is answered all the same.
    @Nullable OverRate over = budget.tryTake(me);
    @Nullable ConversationId named = post.conversationId();
    // The reader guarantees that one of the two is there.
    ConversationId id = to != null ? ConversationId.direct(me, to) : Objects.requireNonNull(named);
    MessageSpan span = routeSupport.services().meters().trail().tracing().begin(Tracing.Part.HTTP);
    String trace = span == null ? null : span.context();
    return routeSupport
        .post(
            id,
            replyTo ->
                new Conversation.Post(
                    me,
                    post.clientMsgId(),
                    post.intent(),
                    to,
                    replyTo,
                    OverRate.waitOf(over),
                    false,
                    trace))
        .whenComplete((reply, failure) -> endSpan(span, me, id, reply))
        .thenApply(
            reply -> {
              if (reply instanceof Conversation.Posted posted
                  && posted.duplicate()
                  && over == null) {
                budget.giveBack(me);
              }
              if (reply instanceof Conversation.PostRefused refused) {
                routeSupport.services().meters().messageRefused(refused.refusal().code());
                if (refused.refusal().code() == ErrorCode.RATE_LIMITED) {
                  // A limit of the conversation was counted there, and leaves the user's rate.
                  if (over == null) {
                    budget.giveBack(me);
                  } else {
                    budget.countRefusal(over.limit());
                  }
                }
              }
              return answer(reply);
            });
  }

  /**
   * Ends the trace of a message, if it has one.
   *
   * @param reply null if the conversation did not answer
   */
  private static void endSpan(
      @Nullable MessageSpan span,
      UserId me,
      ConversationId id,
      Conversation.@Nullable PostReply reply) {
    if (span == null) {
      return;
    }
    span.with("user_id", me.value()).with("conversation_id", id.value());
    if (reply instanceof Conversation.Posted posted) {
      span.with("message_id", posted.messageId()).with("seq", posted.seq());
    } else if (reply instanceof Conversation.PostRefused refused) {
      span.failed(refused.refusal().code().wireName());
    } else {
      span.failed(ErrorCode.UNAVAILABLE.wireName());
    }
    span.end();
  }

  private static HttpResponse answer(Conversation.PostReply reply) {
    return switch (reply) {
      case Conversation.Posted posted ->
          HttpAnswers.json(posted.duplicate() ? 200 : 201, HttpWriter.sent(sent(posted)));
      case Conversation.PostRefused refused -> Problems.of(refused.refusal());
    };
  }

  private static ServerFrame.Sent sent(Conversation.Posted posted) {
    return new ServerFrame.Sent(
        null,
        posted.conversationId(),
        posted.clientMsgId(),
        posted.messageId(),
        posted.seq(),
        posted.at(),
        posted.duplicate());
  }
}
