package parley.session;

import java.time.Duration;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.Terminated;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import parley.model.Limits;
import parley.protocol.FrameWriter;
import parley.protocol.ServerFrame;
import parley.protocol.ServerFrame.CloseCode;
import parley.session.SessionInternal.SocketSignal;
import parley.websocket.CloseStatus;
import parley.websocket.FrameDecoder;
import parley.websocket.FrameEncoder;
import scala.Tuple2;
import scala.jdk.javaapi.DurationConverters;
import scala.runtime.BoxedUnit;

/**
 * The running stage of one socket. It reads one frame ahead of the session. Otherwise it could not
 * notice that the client has gone while the session is busy with the handshake, and a client that
 * has gone must not replace another session of its device.
 *
 * <p>After the last frame the connection stays open until the client has answered the close frame,
 * for at most {@link #CLOSE_ANSWER_TIMEOUT}. What the client still sends is dropped. A connection
 * that is closed with unread bytes is reset, and the reset may overtake the last frame.
 */
final class SocketLogic extends GraphStageLogic {
  /** Time to send a last frame if no session watches over it. */
  static final Duration LAST_FRAME_TIMEOUT = Duration.ofSeconds(5);

  /** Time for the client to answer the close frame. */
  static final Duration CLOSE_ANSWER_TIMEOUT = Duration.ofSeconds(3);

  private static final long REFUSED_MILLIS = 5_000;

  /** Most frames of a client that has gone that are still passed to the session. */
  private static final int MAX_FINAL_FRAMES = 64;

  private final Inlet<ByteString> in;
  private final Outlet<ByteString> out;
  private final ActorRef<SessionRegistry.Command> sessions;
  private final FrameDecoder decoder = new FrameDecoder(Limits.FRAME_BYTES);

  private @Nullable ActorRef<Session.Command> session;
  private @Nullable SessionInternal waitingFrame;
  private @Nullable Cancellable cut;

  // What goes out next, in this order: the pong for the newest ping, frames, the close frame.
  private byte @Nullable [] pong;
  private @Nullable ByteString frames;
  private @Nullable ByteString goodbye;
  private boolean ready;
  private boolean lastFrameQueued;
  private boolean batchRequested;
  private boolean lastBytePushed;
  private boolean clientClosed;

  SocketLogic(FlowShape<ByteString, ByteString> shape, ActorRef<SessionRegistry.Command> sessions) {
    super(shape);
    this.in = shape.in();
    this.out = shape.out();
    this.sessions = sessions;
    setHandler(
        in,
        new AbstractInHandler() {
          @Override
          public void onPush() {
            decoder.feed(grab(in).toArrayUnsafe());
            read();
          }

          @Override
          public void onUpstreamFinish() {
            onConnectionEnd();
          }

          @Override
          public void onUpstreamFailure(Throwable cause) {
            // The connection was reset or silent for too long: there is no client left to tell.
            onConnectionEnd();
          }
        });
    setHandler(
        out,
        new AbstractOutHandler() {
          @Override
          public void onPull() {
            pushWaiting();
          }

          @Override
          public void onDownstreamFinish(Throwable cause) {
            onConnectionEnd();
          }
        });
  }

  @Override
  public void preStart() {
    StageActor self = getStageActor(this::onStageMessage);
    // Until the session has started, the end of the registry ends the socket.
    self.watch(Adapter.toClassic(sessions));
    sessions.tell(new SessionRegistry.Open(Adapter.toTyped(self.ref())));
    pull(in);
  }

  @Override
  public void postStop() {
    detachSession();
    Cancellable c = cut;
    if (c != null) {
      c.cancel();
    }
  }

  private BoxedUnit onStageMessage(Tuple2<org.apache.pekko.actor.ActorRef, Object> message) {
    switch (message._2()) {
      case ToSocket.Opened opened -> opened(opened.session());
      case ToSocket.Ready r -> {
        ready = true;
        deliverFrame();
        read();
      }
      case ToSocket.Batch batch -> {
        // Nothing follows a last frame, even one that was sent in place of a failed session.
        if (!lastFrameQueued) {
          add(batch.frames());
          if (batch.last()) {
            queueCloseFrame();
          }
        }
        batchRequested = false;
        pushWaiting();
      }
      case ToSocket.CloseNow c -> cut();
      case ToSocket.Refused r ->
          sendLastFrame(CloseCode.GOING_AWAY, "no more connections here now", REFUSED_MILLIS);
      // The session has stopped without a last frame: it failed, or its node shuts down.
      case Terminated t -> {
        if (!lastBytePushed) {
          sendLastFrame(CloseCode.STATE_LOST, "the server lost track of this session", null);
        }
      }
      default -> {}
    }
    return BoxedUnit.UNIT;
  }

  // Sends the last frame when there is no session to do so, and starts the timer that closes the
  // socket of a client that does not read.
  private void sendLastFrame(CloseCode code, String reason, @Nullable Long retryAfterMillis) {
    if (!lastFrameQueued) {
      var closing = new ServerFrame.Closing(code, reason, retryAfterMillis);
      add(ByteString.fromArrayUnsafe(FrameEncoder.text(FrameWriter.write(closing))));
      queueCloseFrame();
    }
    closeAfter(LAST_FRAME_TIMEOUT);
    pushWaiting();
  }

  private void closeAfter(Duration time) {
    Cancellable before = cut;
    if (before != null) {
      before.cancel();
    }
    var self = stageActor().ref();
    cut =
        materializer()
            .scheduleOnce(
                DurationConverters.toScala(time),
                () ->
                    self.tell(
                        ToSocket.CloseNow.CLOSE_NOW, org.apache.pekko.actor.ActorRef.noSender()));
  }

  private void opened(ActorRef<Session.Command> opened) {
    session = opened;
    stageActor().unwatch(Adapter.toClassic(sessions));
    stageActor().watch(Adapter.toClassic(opened));
    pushWaiting();
  }

  // ---- closing

  /** The client has gone. The session still gets the frames that arrived before, up to a bound. */
  private void onConnectionEnd() {
    ActorRef<Session.Command> s = session;
    SessionInternal frame = waitingFrame;
    for (int i = 0; s != null && frame != null && i < MAX_FINAL_FRAMES; i++) {
      s.tell(frame);
      frame = nextFrame();
    }
    completeStage();
  }

  // The next frame of the bytes that have arrived.
  private @Nullable SessionInternal nextFrame() {
    FrameDecoder.Event event = decoder.next();
    while (event instanceof FrameDecoder.Ping || event == FrameDecoder.Signal.PONG) {
      event = decoder.next();
    }
    return event == null ? null : frame(event);
  }

  private static @Nullable SessionInternal frame(FrameDecoder.Event event) {
    if (event instanceof FrameDecoder.Text text) {
      return new SessionInternal.Received(text.text());
    }
    if (event instanceof FrameDecoder.Signal signal) {
      return switch (signal) {
        case BINARY -> SocketSignal.BINARY;
        case TOO_LARGE -> SocketSignal.TOO_LARGE;
        case PONG -> SocketSignal.PONG;
        case CLOSE -> null;
      };
    }
    return null;
  }

  // If the last frame has been sent, the stream completes once it has gone out. Otherwise the
  // client does not read, and unsent bytes would keep the connection for as long as the client
  // likes, so the stream fails.
  private void cut() {
    if (lastBytePushed) {
      complete(out);
    } else {
      failStage(new NotReadException());
    }
  }

  /**
   * Ends the connection of a client that does not read. Has no stack trace, since nobody looks at
   * it.
   */
  private static final class NotReadException extends Exception {
    private static final long serialVersionUID = 1L;

    NotReadException() {
      super("the client does not read", null, false, false);
    }
  }

  /** Tells the session that its socket is gone. */
  private void detachSession() {
    ActorRef<Session.Command> s = session;
    if (s != null) {
      session = null;
      s.tell(SocketSignal.GONE);
    }
  }

  private void queueCloseFrame() {
    queueCloseFrame(CloseStatus.NORMAL);
  }

  private void queueCloseFrame(CloseStatus status) {
    lastFrameQueued = true;
    goodbye = ByteString.fromArrayUnsafe(FrameEncoder.close(status));
  }

  // ---- outbound

  private void add(ByteString more) {
    ByteString waiting = frames;
    frames = waiting == null ? more : waiting.concat(more);
  }

  // Pushes everything that waits in one piece. If nothing waits, asks the session for more.
  private void pushWaiting() {
    if (!isAvailable(out)) {
      return;
    }
    ByteString bytes = takeAll();
    if (bytes != null) {
      boolean end = goodbye != null;
      push(out, end ? bytes.concat(goodbye) : bytes);
      if (end) {
        goodbye = null;
        onLastBytePushed();
      }
      return;
    }
    ActorRef<Session.Command> s = session;
    if (s != null && !batchRequested && !lastFrameQueued) {
      batchRequested = true;
      s.tell(SocketSignal.WANTS_MORE);
    }
  }

  private @Nullable ByteString takeAll() {
    ByteString bytes = frames;
    byte[] answer = pong;
    frames = null;
    pong = null;
    if (answer != null) {
      ByteString first = ByteString.fromArrayUnsafe(answer);
      bytes = bytes == null ? first : first.concat(bytes);
    }
    return bytes == null && goodbye != null ? ByteString.emptyByteString() : bytes;
  }

  // The last byte has been pushed.
  private void onLastBytePushed() {
    lastBytePushed = true;
    waitingFrame = null;
    detachSession();
    if (clientClosed) {
      complete(out);
    } else {
      closeAfter(CLOSE_ANSWER_TIMEOUT);
      read();
    }
  }

  // ---- inbound

  // Decodes until one frame waits for the session, and asks for more bytes if needed.
  private void read() {
    while (waitingFrame == null) {
      FrameDecoder.Event event = decoder.next();
      if (event == null) {
        // After the end nothing more is read, because reading would keep the connection from being
        // idle.
        if (!hasBeenPulled(in) && !isClosed(in) && !isClosed(out)) {
          pull(in);
        }
        return;
      }
      switch (event) {
        case FrameDecoder.Ping ping -> {
          if (!lastBytePushed) {
            pong = FrameEncoder.pong(ping.payload());
            pushWaiting();
          }
        }
        case FrameDecoder.Broken broken -> {
          goodbye(broken.status());
          return;
        }
        case FrameDecoder.Text text -> hold(frame(text));
        case FrameDecoder.Signal signal -> {
          if (signal == FrameDecoder.Signal.CLOSE) {
            clientClosed = true;
            goodbye(CloseStatus.NORMAL);
            return;
          }
          hold(frame(signal));
        }
      }
    }
  }

  // The client has closed the connection, or its bytes are invalid. It is sent a close frame and
  // nothing else.
  private void goodbye(CloseStatus status) {
    if (lastBytePushed) {
      completeStage();
      return;
    }
    frames = null;
    pong = null;
    queueCloseFrame(status);
    detachSession();
    closeAfter(CLOSE_ANSWER_TIMEOUT);
    pushWaiting();
  }

  private void hold(@Nullable SessionInternal frame) {
    if (!lastBytePushed) {
      waitingFrame = frame;
      deliverFrame();
    }
  }

  private void deliverFrame() {
    ActorRef<Session.Command> receiver = session;
    SessionInternal frame = waitingFrame;
    if (ready && receiver != null && frame != null) {
      ready = false;
      waitingFrame = null;
      receiver.tell(frame);
    }
  }
}
