package parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.testkit.TestPublisher;
import org.apache.pekko.stream.testkit.TestSubscriber;
import org.apache.pekko.stream.testkit.javadsl.TestSink;
import org.apache.pekko.stream.testkit.javadsl.TestSource;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import parley.client.RawSocket;
import parley.model.Limits;
import parley.protocol.ServerFrame.CloseCode;
import parley.session.SessionInternal.SocketSignal;
import parley.websocket.ClientBytes;
import parley.websocket.FrameEncoder;

class SocketFlowTest {
  private ActorTestKit kit;
  private TestProbe<SessionRegistry.Command> sessions;
  private TestProbe<Session.Command> session;
  private TestPublisher.Probe<ByteString> client;
  private TestSubscriber.Probe<ByteString> server;
  private org.apache.pekko.actor.typed.ActorRef<ToSocket> socket;

  @BeforeEach
  void start() {
    kit = ActorTestKit.create();
    sessions = kit.createTestProbe();
    session = kit.createTestProbe();
    var probes = connect();
    client = probes.first();
    server = probes.second();
    socket = sessions.expectMessageClass(SessionRegistry.Open.class).socket();
    socket.tell(new ToSocket.Opened(session.ref()));
  }

  private Pair<TestPublisher.Probe<ByteString>, TestSubscriber.Probe<ByteString>> connect() {
    var classic = Adapter.toClassic(kit.system());
    return TestSource.<ByteString>create(classic)
        .via(SocketFlow.create(sessions.ref()))
        .toMat(TestSink.create(classic), Keep.both())
        .run(kit.system());
  }

  /** Another client, for which there is no session yet. */
  private void connectOnly() {
    var probes = connect();
    client = probes.first();
    server = probes.second();
    socket = sessions.expectMessageClass(SessionRegistry.Open.class).socket();
  }

  /** Starts the same in a system whose time the test moves. */
  private void manual() {
    stop();
    kit = ActorTestKit.create(ManualTime.config());
    sessions = kit.createTestProbe();
    session = kit.createTestProbe();
    connectOnly();
    socket.tell(new ToSocket.Opened(session.ref()));
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
    client.sendNext(ClientBytes.text("one").concat(ClientBytes.text("two")));
    client.sendNext(ClientBytes.text("three"));
    session.expectNoMessage(Duration.ofMillis(50));
    socket.tell(ToSocket.Ready.READY);
    expectText("one");
    session.expectNoMessage(Duration.ofMillis(50));
    socket.tell(ToSocket.Ready.READY);
    expectText("two");
    socket.tell(ToSocket.Ready.READY);
    expectText("three");
  }

  @Test
  void aFragmentedFrameIsAssembled() {
    socket.tell(ToSocket.Ready.READY);
    ByteString all = ClientBytes.text("aäc");
    client.sendNext(all.take(3));
    client.sendNext(all.drop(3));
    expectText("aäc");
  }

  @Test
  void aFragmentedFrameIsBounded() {
    socket.tell(ToSocket.Ready.READY);
    client.sendNext(ClientBytes.frame(false, RawSocket.TEXT, "x".repeat(40_000)));
    client.sendNext(ClientBytes.frame(false, RawSocket.CONTINUATION, "x".repeat(40_000)));
    assertThat(session.receiveMessage()).isEqualTo(SocketSignal.TOO_LARGE);
  }

  /**
   * If the connection were closed with unread bytes, it would be reset, perhaps before the last
   * frame.
   */
  @Test
  void theLastFrameComesBeforeTheEndOfAFrameThatIsTooLarge() {
    socket.tell(ToSocket.Ready.READY);
    client.sendNext(ByteString.fromArray(ClientBytes.header(0x81, 1_000_000, true)));
    assertThat(session.receiveMessage()).isEqualTo(SocketSignal.TOO_LARGE);
    client.sendNext(ByteString.fromString("x".repeat(500_000)));
    expectLastFrame();
    assertThat(session.receiveMessage()).isEqualTo(SocketSignal.GONE);
    client.sendNext(ByteString.fromString("x".repeat(500_000)));
    client.sendNext(ClientBytes.text("late"));
    client.sendNext(ClientBytes.frame(true, RawSocket.CLOSE, ""));
    server.expectComplete();
    client.expectCancellation();
    session.expectNoMessage(Duration.ofMillis(50));
  }

  @Test
  void aClientThatDoesNotAnswerTheLastFrameIsDisconnected() {
    manual();
    expectLastFrame();
    assertThat(session.receiveMessage()).isEqualTo(SocketSignal.GONE);
    client.sendNext(ClientBytes.text("still here"));
    ManualTime.get(kit.system()).timePasses(SocketLogic.CLOSE_ANSWER_TIMEOUT);
    server.expectComplete();
    client.sendNext(ClientBytes.text("and still"));
    client.sendComplete();
  }

  private void expectWants() {
    assertThat(session.receiveMessage()).isEqualTo(SocketSignal.WANTS_MORE);
  }

  private static ToSocket.Batch batch(boolean last, String... texts) {
    ByteString all = ByteString.emptyByteString();
    for (String text : texts) {
      all = all.concat(ByteString.fromArray(FrameEncoder.text(text)));
    }
    return new ToSocket.Batch(all, last);
  }

  private void expectLastFrame() {
    server.request(2);
    expectWants();
    socket.tell(batch(true, "closing"));
    expectClosing("closing");
  }

  /** Expects these texts, the closing frame and the close frame. */
  private String expectClosing(String... before) {
    List<ClientBytes.Frame> frames = new ArrayList<>(ClientBytes.read(server.requestNext()));
    for (String text : before) {
      assertThat(frames.removeFirst().text()).isEqualTo(text);
    }
    assertThat(frames.getLast().opcode()).isEqualTo(RawSocket.CLOSE);
    assertThat(frames.getLast().payload()).containsExactly(3, 1000 & 0xff);
    return frames.getFirst().text();
  }

  @Test
  void frameSizeIsMeasuredInBytes() {
    socket.tell(ToSocket.Ready.READY);
    String most = "ä".repeat(Limits.FRAME_BYTES / 2);
    client.sendNext(ClientBytes.text(most));
    expectText(most);
    socket.tell(ToSocket.Ready.READY);
    client.sendNext(ClientBytes.text(most + "x"));
    assertThat(session.receiveMessage()).isEqualTo(SocketSignal.TOO_LARGE);
  }

  @Test
  void binaryFrames() {
    socket.tell(ToSocket.Ready.READY);
    client.sendNext(ClientBytes.frame(true, RawSocket.BINARY, "x"));
    assertThat(session.receiveMessage()).isEqualTo(SocketSignal.BINARY);
    socket.tell(ToSocket.Ready.READY);
    client.sendNext(ClientBytes.frame(true, RawSocket.BINARY, "x".repeat(100_000)));
    assertThat(session.receiveMessage()).isEqualTo(SocketSignal.TOO_LARGE);
  }

  @Test
  void aPingIsAnsweredBeforeQueuedFrames() {
    client.sendNext(ClientBytes.frame(true, RawSocket.PING, "1"));
    client.sendNext(ClientBytes.frame(true, RawSocket.PING, "2"));
    client.sendNext(ClientBytes.text("one"));
    socket.tell(batch(false, "text"));
    socket.tell(ToSocket.Ready.READY);
    expectText("one");
    // Only the newest of the pings that came while nothing was read is answered.
    List<ClientBytes.Frame> frames = ClientBytes.read(server.requestNext());
    assertThat(frames)
        .extracting(ClientBytes.Frame::opcode)
        .containsExactly(RawSocket.PONG, RawSocket.TEXT);
    assertThat(frames).extracting(ClientBytes.Frame::text).containsExactly("2", "text");
  }

  @Test
  void aBatchIsWrittenBeforeMoreFramesAreRequested() {
    server.request(1);
    expectWants();
    socket.tell(batch(false, "one", "two"));
    assertThat(ClientBytes.texts(server.expectNext())).containsExactly("one", "two");
    session.expectNoMessage(Duration.ofMillis(50));
    server.request(1);
    expectWants();
  }

  @Test
  void unreadFramesWaitInOrder() {
    socket.tell(batch(false, "one"));
    socket.tell(batch(false, "two"));
    socket.tell(batch(true, "three"));
    assertThat(expectClosing("one", "two")).isEqualTo("three");
    assertThat(session.receiveMessage()).isEqualTo(SocketSignal.GONE);
  }

  @Test
  void noFrameFollowsTheLastOne() {
    server.request(2);
    expectWants();
    socket.tell(batch(true, "closing"));
    socket.tell(batch(false, "late"));
    expectClosing("closing");
    assertThat(session.receiveMessage()).isEqualTo(SocketSignal.GONE);
    client.sendNext(ClientBytes.frame(true, RawSocket.PING, "1"));
    client.sendComplete();
    server.expectComplete();
  }

  @Test
  void theEndOfAClientIsReportedAfterItsLastFrame() {
    client.sendNext(
        ClientBytes.text("one")
            .concat(ClientBytes.frame(true, RawSocket.PING, ""))
            .concat(ClientBytes.text("two"))
            .concat(ClientBytes.text("three")));
    client.sendComplete();
    expectText("one");
    expectText("two");
    expectText("three");
    assertThat(session.receiveMessage()).isEqualTo(SocketSignal.GONE);
    server.expectSubscriptionAndComplete();
  }

  @Test
  void aCloseFrameIsAnswered() {
    server.request(1);
    expectWants();
    socket.tell(ToSocket.Ready.READY);
    client.sendNext(ClientBytes.text("ack").concat(ClientBytes.frame(true, RawSocket.CLOSE, "")));
    expectText("ack");
    assertThat(session.receiveMessage()).isEqualTo(SocketSignal.GONE);
    assertThat(ClientBytes.read(server.expectNext()).getFirst().opcode())
        .isEqualTo(RawSocket.CLOSE);
    server.expectComplete();
    client.sendComplete();
  }

  /** A close frame waits for frames in flight, and for nothing else. */
  @Test
  void aCloseFrameIsAnsweredWhileNothingIsSent() {
    socket.tell(batch(false, "one"));
    client.sendNext(ClientBytes.frame(true, RawSocket.CLOSE, ""));
    assertThat(session.receiveMessage()).isEqualTo(SocketSignal.GONE);
    List<ClientBytes.Frame> frames = ClientBytes.read(server.requestNext());
    assertThat(frames).extracting(ClientBytes.Frame::opcode).containsExactly(RawSocket.CLOSE);
    server.expectComplete();
    client.sendComplete();
  }

  @Test
  void aConnectionIsCutIfTheCloseFrameCannotBeWritten() {
    manual();
    client.sendNext(ClientBytes.frame(true, RawSocket.CLOSE, ""));
    assertThat(session.receiveMessage()).isEqualTo(SocketSignal.GONE);
    ManualTime.get(kit.system()).timePasses(SocketLogic.CLOSE_ANSWER_TIMEOUT);
    assertThat(server.expectSubscriptionAndError()).hasMessageContaining("does not read");
  }

  @Test
  void aPongIsReportedToTheSession() {
    socket.tell(ToSocket.Ready.READY);
    client.sendNext(ClientBytes.frame(true, RawSocket.PONG, ""));
    client.sendNext(ClientBytes.frame(true, RawSocket.PONG, ""));
    assertThat(session.receiveMessage()).isEqualTo(SocketSignal.PONG);
    // A flood of pings waits like frames.
    session.expectNoMessage(Duration.ofMillis(50));
  }

  @Test
  void anInvalidFrameEndsTheConnectionWithAReason() {
    server.request(1);
    expectWants();
    client.sendNext(ByteString.fromString("GET / HTTP/1.1\r\n\r\n"));
    ClientBytes.Frame close = ClientBytes.read(server.expectNext()).getFirst();
    assertThat(close.opcode()).isEqualTo(RawSocket.CLOSE);
    assertThat(close.payload()).containsExactly(3, 1002 & 0xff);
    assertThat(session.receiveMessage()).isEqualTo(SocketSignal.GONE);
    client.sendComplete();
    server.expectComplete();
  }

  @Test
  void theEndIsSeenWhileTheSessionIsBusy() {
    socket.tell(ToSocket.Ready.READY);
    client.sendNext(ClientBytes.text("hello"));
    expectText("hello");
    client.sendComplete();
    assertThat(session.receiveMessage()).isEqualTo(SocketSignal.GONE);
  }

  @Test
  void aBrokenStreamEndsQuietly() {
    client.sendError(new IllegalStateException("reset"));
    assertThat(session.receiveMessage()).isEqualTo(SocketSignal.GONE);
    server.expectSubscriptionAndComplete();
  }

  @Test
  void aClientThatStopsReadingIsDisconnected() {
    server.cancel();
    assertThat(session.receiveMessage()).isEqualTo(SocketSignal.GONE);
    client.expectCancellation();
  }

  @Test
  void cut() {
    socket.tell(batch(true, "one"));
    socket.tell(ToSocket.CloseNow.CLOSE_NOW);
    client.expectCancellation();
    // If the stream were completed, the connection would wait until everything is read.
    assertThat(server.expectSubscriptionAndError()).hasMessageContaining("does not read");
  }

  @Test
  void aFailingSessionEndsItsSocket() {
    // The test can only tell a session that the socket knows from one that never existed.
    socket.tell(ToSocket.Ready.READY);
    client.sendNext(ClientBytes.text("hello"));
    expectText("hello");
    socket.tell(batch(false, "one"));
    assertThat(ClientBytes.texts(server.requestNext())).containsExactly("one");
    session.stop();
    assertThat(expectClosing())
        .contains("\"closing\"", CloseCode.STATE_LOST.wireName(), "\"reconnect\":true");
    client.sendNext(ClientBytes.frame(true, RawSocket.CLOSE, ""));
    server.expectComplete();
    client.expectCancellation();
  }

  @Test
  void theEndOfTheRegistryEndsItsSockets() {
    connectOnly();
    sessions.stop();
    assertThat(expectClosing()).contains("\"closing\"", CloseCode.STATE_LOST.wireName());
    client.sendComplete();
    server.expectComplete();
  }

  @Test
  void aRefusedClientLearnsWhenToReconnect() {
    connectOnly();
    socket.tell(ToSocket.Refused.REFUSED);
    assertThat(expectClosing())
        .contains("\"closing\"", CloseCode.GOING_AWAY.wireName(), "\"retry_after_ms\":");
    client.sendComplete();
    server.expectComplete();
  }

  @Test
  void aRefusedClientThatDoesNotReadIsDisconnected() {
    manual();
    connectOnly();
    socket.tell(ToSocket.Refused.REFUSED);
    // This only shows that the refusal has been handled: a socket handles messages in order.
    socket.tell(new ToSocket.Opened(session.ref()));
    socket.tell(ToSocket.Ready.READY);
    client.sendNext(ClientBytes.text("one"));
    expectText("one");
    ManualTime.get(kit.system()).timePasses(SocketLogic.LAST_FRAME_TIMEOUT);
    client.expectCancellation();
    server.expectSubscriptionAndError();
  }
}
