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
 * Returns each WebSocket message unchanged. It uses the server's HTTP library with the server's
 * settings, but the library's own WebSocket codec and default dispatchers.
 */
public final class EchoServer {
  private EchoServer() {}

  /** Listens on any free port and prints the port. */
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
