package parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.RecipientRef;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import parley.Marker;
import parley.client.JsonTrees;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.UserId;
import parley.user.User;
import parley.websocket.ClientBytes;

/**
 * How a node closes its connections in a drain: each in a slot of its own, the last few at once.
 */
class SessionRegistryTest {
  private static final Duration WINDOW = Duration.ofSeconds(6);
  private static final int MANY = 60;

  private final ActorTestKit kit = ActorTestKit.create(ManualTime.config());
  private final ManualTime time = ManualTime.get(kit.system());
  private final TestProbe<SessionRegistry.Drained> over = kit.createTestProbe();
  private final TestProbe<Integer> counts = kit.createTestProbe();
  private final ActorRef<SessionRegistry.Command> sessions =
      kit.spawn(SessionRegistry.create(dependencies(), MANY));

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  @Test
  void drainEndsEachSessionInItsSlotAndTheLastFewAtOnce() {
    List<Peer> peers = connect(MANY);
    drain();
    long slot = WINDOW.toMillis() / MANY;
    for (int i = 0; i < MANY; i++) {
      peers.get(i).expectMaintenance(Math.max(1, i * slot));
    }
    int now = 0;
    int left = MANY;
    for (Peer leaver : peers.subList(0, MANY - SessionRegistry.SPREAD_FROM + 1)) {
      int at = (int) Math.max(1, (MANY - left) * slot);
      time.timePasses(Duration.ofMillis(at - 1 - now));
      peers.subList(MANY - left, MANY).forEach(Peer::expectNothing);
      time.timePasses(Duration.ofMillis(1));
      now = at;
      leaver.expectClosing();
      peers.subList(MANY - left + 1, MANY).forEach(Peer::expectNothing);
      leaver.goes();
      left--;
      awaitCount(left);
    }
    assertThat(left).isEqualTo(SessionRegistry.SPREAD_FROM - 1);
    List<Peer> last = peers.subList(MANY - left, MANY);
    last.forEach(Peer::expectClosing);
    Marker.nothingMore(over);
    last.forEach(Peer::goes);
    over.expectMessage(new SessionRegistry.Drained(0));
    time.timePasses(WINDOW.multipliedBy(3));
    awaitCount(0);
    Marker.nothingMore(over);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, SessionRegistry.SPREAD_FROM - 1})
  void drainEndsFewSessionsAtOnce(int few) {
    List<Peer> peers = connect(few);
    drain();
    for (Peer peer : peers) {
      peer.expectMaintenance(0);
      peer.expectClosing();
    }
    awaitCount(few);
    Marker.nothingMore(over);
    peers.forEach(Peer::goes);
    over.expectMessage(new SessionRegistry.Drained(0));
  }

  @Test
  void drainRefusesNewSessions() {
    connect(SessionRegistry.SPREAD_FROM);
    drain();
    TestProbe<ToSocket> late = kit.createTestProbe();
    sessions.tell(new SessionRegistry.Open(late.ref()));
    late.expectMessage(ToSocket.Refused.REFUSED);
    awaitCount(SessionRegistry.SPREAD_FROM);
  }

  @Test
  void afterACancelledDrainSocketsAreAcceptedAgain() {
    connect(2);
    drain();
    TestProbe<ToSocket> late = kit.createTestProbe();
    sessions.tell(new SessionRegistry.Open(late.ref()));
    late.expectMessage(ToSocket.Refused.REFUSED);
    sessions.tell(new SessionRegistry.Accept());
    over.expectMessage(new SessionRegistry.Drained(2));
    sessions.tell(new SessionRegistry.Open(late.ref()));
    late.expectMessageClass(ToSocket.Opened.class);
  }

  @Test
  void drainWithoutSessionsEndsAtOnce() {
    drain();
    over.expectMessage(new SessionRegistry.Drained(0));
  }

  private void drain() {
    sessions.tell(new SessionRegistry.Drain(WINDOW, "test", over.ref()));
  }

  private void awaitCount(int count) {
    Awaitility.await()
        .until(
            () -> {
              sessions.tell(new SessionRegistry.Count(counts.ref()));
              return counts.receiveMessage() == count;
            });
  }

  private List<Peer> connect(int many) {
    List<Peer> peers = new ArrayList<>();
    for (int i = 0; i < many; i++) {
      peers.add(new Peer(kit.createTestProbe()));
    }
    return peers;
  }

  /** A socket that takes every frame, and whose client never says hello. */
  private final class Peer {
    private final TestProbe<ToSocket> socket;
    private final ActorRef<Session.Command> session;
    private final ArrayDeque<JsonNode> frames = new ArrayDeque<>();
    private int pings;

    Peer(TestProbe<ToSocket> socket) {
      this.socket = socket;
      sessions.tell(new SessionRegistry.Open(socket.ref()));
      session = socket.expectMessageClass(ToSocket.Opened.class).session();
      session.tell(SessionInternal.SocketSignal.WANTS_MORE);
    }

    private JsonNode next() {
      while (frames.isEmpty()) {
        if (socket.receiveMessage() instanceof ToSocket.Batch batch) {
          ClientBytes.texts(batch.frames()).forEach(frame -> frames.add(JsonTrees.parse(frame)));
          session.tell(SessionInternal.SocketSignal.WANTS_MORE);
        }
      }
      return frames.remove();
    }

    void expectMaintenance(long slot) {
      JsonNode frame = next();
      assertThat(frame.path("op").asText()).isEqualTo("server_maintenance");
      assertThat(frame.path("reconnect_after_ms").asLong(-1)).isEqualTo(slot);
      assertThat(frame.path("deadline_ms").asLong(-1)).isEqualTo(WINDOW.toMillis());
    }

    void expectClosing() {
      JsonNode frame = next();
      assertThat(frame.path("op").asText()).as(frame.toString()).isEqualTo("closing");
      assertThat(frame.path("code").asText()).isEqualTo("going_away");
    }

    /** The last request is answered next, so nothing else was sent before. */
    void expectNothing() {
      session.tell(new SessionInternal.Received("{\"op\":\"ping\",\"id\":%d}".formatted(++pings)));
      JsonNode frame = next();
      assertThat(frame.path("id").asInt()).as(frame.toString()).isEqualTo(pings);
    }

    void goes() {
      session.tell(SessionInternal.SocketSignal.GONE);
    }
  }

  private SessionDependencies dependencies() {
    TestProbe<Object> nobody = kit.createTestProbe();
    EntityRefs entityRefs =
        new EntityRefs() {
          @Override
          public RecipientRef<User.Command> user(UserId id) {
            return nobody.ref().narrow();
          }

          @Override
          public RecipientRef<Conversation.Command> conversation(ConversationId id) {
            return nobody.ref().narrow();
          }
        };
    return new SessionDependencies(
        entityRefs,
        token -> CompletableFuture.completedFuture(new Authenticator.Rejected()),
        new MessageRate(0),
        SessionMeters.NONE,
        Ticker.system(),
        () -> "session",
        "epoch-1",
        SessionSettings.standard());
  }
}
