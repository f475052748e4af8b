package parley.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.model.ws.Message;
import org.apache.pekko.http.javadsl.model.ws.TextMessage;
import org.apache.pekko.http.javadsl.server.Directives;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * The client against a server that echoes each frame as an answer, and makes messages on demand.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClientTest {
  private final ActorSystem<Void> system = ActorSystem.create(Behaviors.empty(), "echo");
  private URI uri = URI.create("http://127.0.0.1");

  @BeforeAll
  void start() {
    ServerBinding binding =
        Http.get(system)
            .newServerAt("127.0.0.1", 0)
            .bind(
                Directives.path(
                    PathMatchers.segment("v1").slash("ws"),
                    () -> Directives.handleWebSocketMessagesForProtocol(echo(), "parley.v1")))
            .toCompletableFuture()
            .join();
    uri = URI.create("http://127.0.0.1:" + binding.localAddress().getPort());
  }

  @AfterAll
  void stop() {
    system.terminate();
  }

  private static Flow<Message, Message, NotUsed> echo() {
    return Flow.of(Message.class)
        .flatMapConcat(ClientTest::strict)
        .flatMapConcat(
            text -> {
              ObjectNode frame = (ObjectNode) JsonTrees.parse(text);
              long burst = frame.path("burst").asLong();
              return Source.range(1, (int) burst)
                  .map(
                      seq ->
                          JsonTrees.obj(
                              "op",
                              "message",
                              "conversation_id",
                              "c",
                              "seq",
                              seq,
                              "content",
                              frame.path("content").asText()))
                  .concat(Source.single(frame))
                  .<Message>map(node -> TextMessage.create(node.toString()));
            });
  }

  private static Source<String, ?> strict(Message message) {
    TextMessage text = message.asTextMessage();
    return text.isStrict()
        ? Source.single(text.getStrictText())
        : text.getStreamedText().fold("", (all, part) -> all + part);
  }

  @Test
  void asksAndAcknowledges() {
    try (ParleyClient client = new ParleyClient(uri)) {
      ParleySocket socket = client.open(SocketOptions.standard());
      assertThat(socket.request(JsonTrees.obj("op", "ping", "burst", 300)).path("op").asText())
          .isEqualTo("ping");
      assertThat(socket.frames(Frames.op("message")))
          .extracting(f -> f.path("seq").asLong())
          .isEqualTo(LongStream.rangeClosed(1, 300).boxed().toList());
      JsonNode last = socket.await(Frames.op("ack").and(Frames.has("seq", 300)));
      assertThat(last.path("conversation_id").asText()).isEqualTo("c");
      socket.close();
      assertThatThrownBy(() -> socket.awaitAfter(0, Frames.op("never"), Duration.ofSeconds(1)))
          .isInstanceOf(AssertionError.class);
      assertThat(socket.ask(JsonTrees.obj("op", "ping"))).isCompletedExceptionally();
    }
  }

  @Test
  void stopsReading() {
    try (ParleyClient client = new ParleyClient(uri);
        ParleySocket socket = client.open(SocketOptions.standard().withAutoAck(false))) {
      socket.pauseReading();
      var answer =
          socket.ask(JsonTrees.obj("op", "ping", "burst", 2000, "content", "x".repeat(5000)));
      await().until(() -> socket.mark() >= 1);
      await().during(Duration.ofMillis(100)).until(() -> socket.mark() == 1);
      socket.resumeReading();
      assertThat(answer.join().path("op").asText()).isEqualTo("ping");
      assertThat(socket.frames(Frames.op("message"))).hasSize(2000);
    }
  }

  @Test
  void rawFrames() {
    try (RawSocket raw = RawSocket.open(uri)) {
      assertThat(raw.upgraded()).isTrue();
      raw.text("{\"op\":\"a\"}");
      raw.await(Frames.op("a"));
      byte[] whole =
          ("{\"op\":\"b\",\"content\":\"" + "y".repeat(70_000) + "\"}")
              .getBytes(StandardCharsets.UTF_8);
      raw.fragments(
          List.of(
              Arrays.copyOfRange(whole, 0, 5),
              Arrays.copyOfRange(whole, 5, 300),
              Arrays.copyOfRange(whole, 300, whole.length)));
      assertThat(raw.await(Frames.op("b")).path("content").asText()).hasSize(70_000);
      raw.frame(RawSocket.PING, true, true, new byte[] {7});
      RawSocket.Frame pong = java.util.Objects.requireNonNull(raw.read());
      assertThat(pong.opcode()).isEqualTo(RawSocket.PONG);
      raw.frame(RawSocket.TEXT, true, false, new byte[] {'x'});
      assertThat(raw.lastFrame().isMissingNode()).isTrue();
    }
    try (RawSocket wrong = RawSocket.open(uri, "chat.v9", 0)) {
      assertThat(wrong.upgraded()).isFalse();
    }
  }
}
