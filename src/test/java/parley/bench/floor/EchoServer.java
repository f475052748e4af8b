package parley.bench.floor;

import com.typesafe.config.ConfigFactory;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.model.ws.Message;
import org.apache.pekko.http.javadsl.server.Directives;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.stream.javadsl.Flow;

/**
 * The floor of the socket: gives back each WebSocket message and does nothing else. The library and
 * the settings of its HTTP server are the program's; frames are the library's own messages, and
 * threads as it has them by itself.
 */
public final class EchoServer {
  private EchoServer() {}

  /** Starts it on any free port and says which. */
  public static void main(String[] args) {
    ActorSystem system =
        ActorSystem.create(
            "echo",
            ConfigFactory.parseString("pekko.actor.provider = local")
                .withFallback(ConfigFactory.load())
                .resolve());
    Flow<Message, Message, NotUsed> echo = Flow.create();
    CompletionStage<ServerBinding> bound =
        Http.get(system)
            .newServerAt("127.0.0.1", 0)
            .bind(
                Directives.path(
                    PathMatchers.segment("v1").slash("ws"),
                    () -> Directives.handleWebSocketMessagesForProtocol(echo, "parley.v1")));
    bound.whenComplete(
        (binding, failure) -> {
          if (failure != null) {
            throw new IllegalStateException(failure);
          }
          System.out.println("port " + binding.localAddress().getPort());
        });
  }
}
