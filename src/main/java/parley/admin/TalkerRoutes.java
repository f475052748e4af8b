package parley.admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.Cluster;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Route;
import parley.bounds.TopCounter;
import parley.telemetry.Talkers;

/**
 * The route that shows who writes most: {@code GET /admin/talkers?limit=N}, the users and the
 * conversations whose entries this node has stored in the last one to two minutes. A conversation
 * is on one node; a user's messages count on the nodes of its conversations. Ids only.
 */
public final class TalkerRoutes extends AdminAnswers {
  private static final int DEFAULT = 20;

  /** The most users, and the most conversations, of an answer. */
  static final int MOST = 100;

  private final Talkers talkers;

  public TalkerRoutes(ActorSystem<?> system, Talkers talkers) {
    super(system, "talkers", false);
    this.talkers = talkers;
  }

  @Override
  public Route routes() {
    return path(
        "talkers",
        () -> get(() -> parameterOptional("limit", limit -> answer(() -> answerFor(limit)))));
  }

  private CompletionStage<HttpResponse> answerFor(Optional<String> limit) {
    int most = number("limit", limit, DEFAULT, MOST);
    TopCounter.Top users = talkers.users(most);
    ObjectNode body =
        JSON.createObjectNode()
            .put("node", Cluster.get(system).selfMember().address().toString())
            .put("seconds", users.seconds())
            .put("entries", users.total());
    fill(body, "users", "user_id", users);
    fill(body, "conversations", "conversation_id", talkers.conversations(most));
    return CompletableFuture.completedFuture(json(200, body));
  }

  private static void fill(ObjectNode body, String name, String id, TopCounter.Top top) {
    ArrayNode all = body.putArray(name);
    for (TopCounter.Counted one : top.counted()) {
      all.addObject()
          .put(id, one.key())
          .put("entries", one.count())
          .put("at_most", one.count() + top.error());
    }
  }
}
