package parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.Done;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.model.AttributeKeys;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.ws.BinaryMessage;
import org.apache.pekko.http.javadsl.model.ws.Message;
import org.apache.pekko.http.javadsl.model.ws.TextMessage;
import org.apache.pekko.http.javadsl.model.ws.WebSocketRequest;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.testkit.TestPublisher;
import org.apache.pekko.stream.testkit.TestSubscriber;
import org.apache.pekko.stream.testkit.javadsl.TestSink;
import org.apache.pekko.stream.testkit.javadsl.TestSource;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import parley.model.Limits;
import parley.protocol.ServerFrame.CloseCode;
import parley.session.SessionInternal.Socket;

class SocketFlowTest {
  private ActorTestKit kit;
  private TestProbe<Sessions.Command> sessions;
  private TestProbe<Session.Command> session;
  private TestPublisher.Probe<Message> client;
  private TestSubscriber.Probe<Message> server;
  private org.apache.pekko.actor.typed.ActorRef<SocketFlow.ToSocket> socket;

  @BeforeEach
  void start() {
    kit = ActorTestKit.create();
    sessions = kit.createTestProbe();
    session = kit.createTestProbe();
    var probes = connect();
    client = probes.first();
    server = probes.second();
    socket = sessions.expectMessageClass(Sessions.Open.class).socket();
    socket.tell(new SocketFlow.Opened(session.ref()));
  }

  private Pair<TestPublisher.Probe<Message>, TestSubscriber.Probe<Message>> connect() {
    var classic = Adapter.toClassic(kit.system());
    return TestSource.<Message>create(classic)
        .via(SocketFlow.create(sessions.ref()))
        .toMat(TestSink.create(classic), Keep.both())
        .run(kit.system());
  }

  /** Another client, for which there is no session yet. */
  private void connectOnly() {
    var probes = connect();
    client = probes.first();
    server = probes.second();
    socket = sessions.expectMessageClass(Sessions.Open.class).socket();
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private void expectText(String text) {
    assertThat(session.receiveMessage()).isEqualTo(new SessionInternal.Received(text));
  }

  @Test
  void framesComeOneAtATimeWhenTheSessionIsReady() {
    client.sendNext(TextMessage.create("one"));
    client.sendNext(TextMessage.create("two"));
    client.sendNext(TextMessage.create("three"));
    session.expectNoMessage(Duration.ofMillis(50));
    socket.tell(SocketFlow.Ready.READY);
    expectText("one");
    session.expectNoMessage(Duration.ofMillis(50));
    socket.tell(SocketFlow.Ready.READY);
    expectText("two");
  }

  @Test
  void aFrameInPartsIsPutTogether() {
    socket.tell(SocketFlow.Ready.READY);
    client.sendNext(TextMessage.create(Source.from(List.of("a", "ä", "c"))));
    expectText("aäc");
    socket.tell(SocketFlow.Ready.READY);
    client.sendNext(TextMessage.create("next"));
    expectText("next");
  }

  @Test
  void aFrameInPartsIsBounded() {
    socket.tell(SocketFlow.Ready.READY);
    client.sendNext(TextMessage.create(Source.repeat("x".repeat(1_000))));
    assertThat(session.receiveMessage()).isEqualTo(Socket.TOO_LARGE);
  }

  @Test
  void theLastFrameComesBeforeTheEndOfAFrameThatIsTooLarge() {
    TestPublisher.Probe<String> parts = TestPublisher.probe(0, Adapter.toClassic(kit.system()));
    socket.tell(SocketFlow.Ready.READY);
    var ended = new CompletableFuture<Done>();
    client.sendNext(TextMessage.create(watched(parts, ended)));
    parts.sendNext("x".repeat(40_000)).sendNext("x".repeat(40_000));
    assertThat(session.receiveMessage()).isEqualTo(Socket.TOO_LARGE);
    parts.sendNext("x".repeat(40_000)).sendNext("x".repeat(40_000));
    expectLastFrame();
    assertThat(ended).isNotDone();
    // What is left is taken in: closed with bytes unread, the connection would be reset.
    parts.sendNext("x".repeat(40_000)).sendComplete();
    client.expectCancellation();
    assertThat(session.receiveMessage()).isEqualTo(Socket.GONE);
  }

  @Test
  void theLastFrameComesBeforeTheEndOfALargeBinaryFrame() {
    TestPublisher.Probe<ByteString> parts = TestPublisher.probe(0, Adapter.toClassic(kit.system()));
    ByteString part = ByteString.fromString("x".repeat(40_000));
    socket.tell(SocketFlow.Ready.READY);
    var ended = new CompletableFuture<Done>();
    client.sendNext(BinaryMessage.create(watched(parts, ended)));
    parts.sendNext(part).sendNext(part);
    assertThat(session.receiveMessage()).isEqualTo(Socket.TOO_LARGE);
    parts.sendNext(part);
    expectLastFrame();
    assertThat(ended).isNotDone();
    parts.sendNext(part);
    socket.tell(SocketFlow.Cut.CUT);
    parts.expectCancellation();
    client.expectCancellation();
    assertThat(session.receiveMessage()).isEqualTo(Socket.GONE);
  }

  @Test
  void theLastFrameComesBeforeTheEndOfAFrameInParts() {
    TestPublisher.Probe<String> parts = TestPublisher.probe(0, Adapter.toClassic(kit.system()));
    var ended = new CompletableFuture<Done>();
    client.sendNext(TextMessage.create(watched(parts, ended)));
    parts.sendNext("x");
    expectLastFrame();
    assertThat(ended).isNotDone();
    parts.sendNext("y").sendComplete();
    client.expectCancellation();
    assertThat(session.receiveMessage()).isEqualTo(Socket.GONE);
  }

  /** Parts, and whether they are still taken; with them the http library ends the connection. */
  private static <T> Source<T, ?> watched(
      TestPublisher.Probe<T> parts, CompletableFuture<Done> ended) {
    return Source.fromPublisher(parts)
        .watchTermination(
            (nothing, done) -> {
              var unused = done.thenAccept(ended::complete);
              return nothing;
            });
  }

  private void expectLastFrame() {
    server.request(2);
    assertThat(session.receiveMessage()).isEqualTo(Socket.WANTS);
    socket.tell(new SocketFlow.Batch(List.of("closing"), true));
    assertThat(server.expectNext().asTextMessage().getStrictText()).isEqualTo("closing");
    server.expectComplete();
  }

  @Test
  void theBoundIsOfBytes() {
    socket.tell(SocketFlow.Ready.READY);
    String most = "ä".repeat(Limits.FRAME_BYTES / 2);
    client.sendNext(TextMessage.create(most));
    expectText(most);
    socket.tell(SocketFlow.Ready.READY);
    client.sendNext(TextMessage.create(Source.from(List.of(most, "x"))));
    assertThat(session.receiveMessage()).isEqualTo(Socket.TOO_LARGE);
  }

  @Test
  void binaryFrames() {
    socket.tell(SocketFlow.Ready.READY);
    client.sendNext(BinaryMessage.create(ByteString.fromString("x")));
    assertThat(session.receiveMessage()).isEqualTo(Socket.BINARY);
    socket.tell(SocketFlow.Ready.READY);
    client.sendNext(BinaryMessage.create(Source.single(ByteString.fromString("x"))));
    assertThat(session.receiveMessage()).isEqualTo(Socket.BINARY);
    socket.tell(SocketFlow.Ready.READY);
    ByteString large = ByteString.fromString("x".repeat(10_000));
    client.sendNext(BinaryMessage.create(Source.repeat(large)));
    assertThat(session.receiveMessage()).isEqualTo(Socket.TOO_LARGE);
  }

  @Test
  void aBatchIsPassedOnBeforeMoreIsWanted() {
    server.request(1);
    assertThat(session.receiveMessage()).isEqualTo(Socket.WANTS);
    socket.tell(new SocketFlow.Batch(List.of("one", "two"), false));
    assertThat(server.expectNext().asTextMessage().getStrictText()).isEqualTo("one");
    session.expectNoMessage(Duration.ofMillis(50));
    server.request(2);
    assertThat(server.expectNext().asTextMessage().getStrictText()).isEqualTo("two");
    assertThat(session.receiveMessage()).isEqualTo(Socket.WANTS);
  }

  @Test
  void theLastBatchCompletes() {
    server.request(3);
    session.receiveMessage();
    socket.tell(new SocketFlow.Batch(List.of("one", "closing"), true));
    server.expectNext();
    server.expectNext();
    server.expectComplete();
    client.expectCancellation();
    assertThat(session.receiveMessage()).isEqualTo(Socket.GONE);
  }

  @Test
  void aClientThatGoesIsGoneAfterItsLastFrame() {
    client.sendNext(TextMessage.create("ack"));
    client.sendComplete();
    expectText("ack");
    assertThat(session.receiveMessage()).isEqualTo(Socket.GONE);
    server.expectSubscriptionAndComplete();
  }

  @Test
  void theEndIsSeenWhileTheSessionIsBusy() {
    socket.tell(SocketFlow.Ready.READY);
    client.sendNext(TextMessage.create("hello"));
    expectText("hello");
    client.sendComplete();
    assertThat(session.receiveMessage()).isEqualTo(Socket.GONE);
  }

  @Test
  void aBrokenStreamEndsQuietly() {
    client.sendError(new IllegalStateException("invalid UTF-8"));
    assertThat(session.receiveMessage()).isEqualTo(Socket.GONE);
    server.expectSubscriptionAndComplete();
  }

  @Test
  void aClientThatStopsReadingForGood() {
    server.cancel();
    assertThat(session.receiveMessage()).isEqualTo(Socket.GONE);
    client.expectCancellation();
  }

  @Test
  void cut() {
    socket.tell(new SocketFlow.Batch(List.of("one"), true));
    socket.tell(SocketFlow.Cut.CUT);
    client.expectCancellation();
  }

  @Test
  void aSessionThatFailsTakesItsSocketAlong() {
    // Only a session that the socket knows already can be told apart from one that never was.
    socket.tell(SocketFlow.Ready.READY);
    client.sendNext(TextMessage.create("hello"));
    expectText("hello");
    socket.tell(new SocketFlow.Batch(List.of("one"), false));
    session.stop();
    server.request(2);
    assertThat(server.expectNext().asTextMessage().getStrictText()).isEqualTo("one");
    assertThat(server.expectNext().asTextMessage().getStrictText())
        .contains("\"closing\"", CloseCode.STATE_LOST.wireName(), "\"reconnect\":true");
    server.expectComplete();
    client.expectCancellation();
  }

  @Test
  void aRegistryThatEndsTakesItsSocketsAlong() {
    connectOnly();
    sessions.stop();
    assertThat(server.requestNext().asTextMessage().getStrictText())
        .contains("\"closing\"", CloseCode.STATE_LOST.wireName());
    server.expectComplete();
    client.expectCancellation();
  }

  @Test
  void whoIsRefusedIsToldWhenToComeBack() {
    connectOnly();
    socket.tell(SocketFlow.Refused.REFUSED);
    assertThat(server.requestNext().asTextMessage().getStrictText())
        .contains("\"closing\"", CloseCode.GOING_AWAY.wireName(), "\"retry_after_ms\":");
    server.expectComplete();
    client.expectCancellation();
  }

  @Test
  void whoIsRefusedAndReadsNothingIsCut() {
    stop();
    kit = ActorTestKit.create(ManualTime.config());
    sessions = kit.createTestProbe();
    session = kit.createTestProbe();
    connectOnly();
    socket.tell(SocketFlow.Refused.REFUSED);
    // Only to see that the refusal has been dealt with: a socket does one thing after the other.
    socket.tell(new SocketFlow.Opened(session.ref()));
    socket.tell(SocketFlow.Ready.READY);
    client.sendNext(TextMessage.create("one"));
    expectText("one");
    ManualTime.get(kit.system()).timePasses(SocketLogic.FAREWELL);
    client.expectCancellation();
    server.expectSubscriptionAndComplete();
  }

  @Test
  void overARealPort() throws Exception {
    var harness = kit.<Sessions.Drained>createTestProbe();
    var registry = kit.spawn(Sessions.create(deps(), 10));
    var flow = SocketFlow.create(registry);
    var http = Http.get(kit.system());
    var binding =
        http.newServerAt("127.0.0.1", 0)
            .bindSync(
                request ->
                    request
                        .getAttribute(AttributeKeys.webSocketUpgrade)
                        .map(upgrade -> upgrade.handleMessagesWith(flow))
                        .orElse(HttpResponse.create().withStatus(400)))
            .toCompletableFuture()
            .get(10, TimeUnit.SECONDS);
    var classic = Adapter.toClassic(kit.system());
    var uri = "ws://127.0.0.1:" + binding.localAddress().getPort() + "/";
    var phone =
        http.singleWebSocketRequest(
            WebSocketRequest.create(uri),
            org.apache.pekko.stream.javadsl.Flow.fromSinkAndSourceMat(
                TestSink.<Message>create(classic),
                TestSource.<Message>create(classic),
                Keep.both()),
            org.apache.pekko.stream.SystemMaterializer.get(kit.system()).materializer());
    var reads = phone.second().first();
    var writes = phone.second().second();
    writes.sendNext(TextMessage.create("{\"op\":\"ping\",\"id\":7}"));
    String answer = reads.requestNext().asTextMessage().getStrictText();
    assertThat(answer).contains("hello_required", "\"id\":7");
    registry.tell(new Sessions.Drain(Duration.ofSeconds(60), "test", harness.ref()));
    assertThat(reads.requestNext().asTextMessage().getStrictText()).contains("server_maintenance");
    assertThat(reads.requestNext().asTextMessage().getStrictText())
        .contains(CloseCode.GOING_AWAY.wireName());
    reads.request(1);
    reads.expectComplete();
    assertThat(harness.receiveMessage().left()).isZero();
  }

  private SessionDeps deps() {
    TestProbe<Object> nobody = kit.createTestProbe();
    return new SessionDeps(
        new Entities() {
          @Override
          public org.apache.pekko.actor.typed.RecipientRef<parley.user.User.Command> user(
              parley.model.UserId id) {
            return nobody.ref().narrow();
          }

          @Override
          public org.apache.pekko.actor.typed.RecipientRef<parley.conversation.Conversation.Command>
              conversation(parley.model.ConversationId id) {
            return nobody.ref().narrow();
          }
        },
        token -> CompletableFuture.completedFuture(new Authenticator.Rejected()),
        new MessageRate(0),
        SessionMeters.NONE,
        Ticker.system(),
        () -> "s",
        SessionSettings.standard());
  }
}
