package parley.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.completeWithFuture;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.patch;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathEnd;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;
import static org.apache.pekko.http.javadsl.server.Directives.post;
import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Route;
import parley.bounds.LoadGate;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.UserId;
import parley.protocol.ClientFrame;
import parley.protocol.HttpWriter;
import parley.protocol.Request;
import parley.protocol.RequestReader;
import parley.user.User;

/**
 * Routes of conversations, direct and group: the inbox, one conversation, its history, its flags,
 * and what the caller has read.
 */
final class ConversationRoutes {
  private final RouteSupport routeSupport;

  ConversationRoutes(RouteSupport routeSupport) {
    this.routeSupport = routeSupport;
  }

  Route route() {
    return pathPrefix(
        "conversations",
        () ->
            concat(
                pathEnd(() -> concat(get(this::inbox), post(this::openDirect))),
                path(
                    segment(),
                    id ->
                        concat(
                            get(() -> withConversation(id, this::view)),
                            patch(() -> withConversation(id, this::setFlags)))),
                path(
                    segment().slash("messages"),
                    id -> get(() -> withConversation(id, this::history))),
                path(
                    segment().slash("read"),
                    id -> post(() -> withConversation(id, this::markRead)))));
  }

  private Route withConversation(String segment, BiFunction<UserId, ConversationId, Route> inner) {
    return routeSupport.authenticated(
        me -> routeSupport.conversation(segment, id -> inner.apply(me, id)));
  }

  private Route inbox() {
    return routeSupport.authenticated(
        me ->
            withQuery(
                values ->
                    routeSupport.result(
                        RequestReader.inbox(values), (ClientFrame.Inbox i) -> inboxPage(me, i)),
                "limit",
                "cursor"));
  }

  private CompletionStage<HttpResponse> inboxPage(UserId me, ClientFrame.Inbox inbox) {
    return routeSupport
        .<User.InboxReply>askUser(
            me, replyTo -> new User.GetInbox(inbox.limit(), inbox.cursor(), replyTo))
        .thenApply(
            reply ->
                switch (reply) {
                  case User.Inbox page -> HttpAnswers.json(200, HttpWriter.inbox(page.page()));
                  case User.Refused refused -> Problems.of(refused.refusal());
                });
  }

  private Route openDirect() {
    return routeSupport.authenticated(
        me ->
            routeSupport.body(
                RequestReader::openDirect,
                (Request.OpenDirect open) ->
                    open.userId().equals(me)
                        ? CompletableFuture.completedFuture(
                            Problems.badField("user_id", "user_id must be somebody else"))
                        : routeSupport.change(me, () -> openDirect(me, open.userId()))));
  }

  private CompletionStage<HttpResponse> openDirect(UserId me, UserId peer) {
    return routeSupport
        .<Conversation.ViewReply>askConversation(
            ConversationId.direct(me, peer), to -> new Conversation.OpenDirect(me, peer, to))
        .thenApply(reply -> HttpAnswers.of(200, reply));
  }

  private Route view(UserId me, ConversationId id) {
    return completeWithFuture(
        routeSupport
            .<Conversation.ViewReply>askConversation(id, to -> new Conversation.GetView(me, to))
            .thenApply(reply -> HttpAnswers.of(200, reply)));
  }

  private Route setFlags(UserId me, ConversationId id) {
    return routeSupport.body(
        RequestReader::patchConversation,
        (Request.PatchConversation p) ->
            routeSupport.change(
                me,
                () ->
                    routeSupport
                        .<User.DoneReply>askUser(
                            me,
                            to -> new User.SetRowFlags(id, p.muted(), p.pinned(), p.archived(), to))
                        .thenApply(HttpAnswers::of)));
  }

  private Route history(UserId me, ConversationId id) {
    return withQuery(
        values ->
            routeSupport.result(
                RequestReader.history(id, values),
                (ClientFrame.History h) ->
                    routeSupport.services().load().sheds(LoadGate.Shed.HISTORY)
                        ? CompletableFuture.completedFuture(
                            Problems.unavailable(LoadGate.RETRY_MILLIS))
                        : routeSupport
                            .<Conversation.PageReply>askConversation(
                                id,
                                to ->
                                    new Conversation.GetPage(
                                        me, h.before(), h.after(), h.limit(), false, to))
                            .thenApply(
                                reply ->
                                    switch (reply) {
                                      case Conversation.Page page ->
                                          HttpAnswers.json(
                                              200, HttpWriter.history(page.page(), me));
                                      case Conversation.Refused refused ->
                                          Problems.of(refused.refusal());
                                    })),
        "limit",
        "before",
        "after");
  }

  private Route markRead(UserId me, ConversationId id) {
    return routeSupport.body(
        RequestReader::markRead,
        (Request.MarkRead read) ->
            routeSupport
                .<Conversation.ReadReply>askConversation(
                    id, to -> new Conversation.Read(me, read.seq(), to, true))
                .thenApply(
                    reply ->
                        switch (reply) {
                          case Conversation.ReadDone done -> HttpAnswers.noContent();
                          case Conversation.Refused refused -> Problems.of(refused.refusal());
                        }));
  }

  private static Route withQuery(Function<Map<String, String>, Route> inner, String... names) {
    return extractRequest(
        request ->
            switch (QueryParameters.read(request, names)) {
              case QueryParameters.Good query -> inner.apply(query.values());
              case QueryParameters.Bad bad -> complete(bad.problem());
            });
  }
}
