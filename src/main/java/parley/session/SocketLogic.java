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
import parley.session.SessionInternal.Socket;
import parley.websocket.FrameDecoder;
import parley.websocket.FrameEncoder;
import scala.Tuple2;
import scala.jdk.javaapi.DurationConverters;
import scala.runtime.BoxedUnit;

/**
 * One socket at work. It reads one frame ahead of what the session wants, only so that it sees the
 * client's end while the session is busy with the handshake: whoever has gone replaces nobody.
 *
 * <p>After the last frame the connection stays open, for as long as {@link #GOODBYE}, until the
 * client has said goodbye too, and what it still sends is thrown away: closed with bytes unread,
 * the connection would be reset, and the reset may overtake the last frame.
 */
final class SocketLogic extends GraphStageLogic {
  /** How long a last frame may take that no session watches over. */
  static final Duration FAREWELL = Duration.ofSeconds(5);

  /** How long the client may take to answer a last frame. */
  static final Duration GOODBYE = Duration.ofSeconds(3);

  private static final long REFUSED_MILLIS = 5_000;

  /** Most frames of a client that has gone that the session is still told. */
  private static final int LAST_WORDS = 64;

  private final Inlet<ByteString> in;
  private final Outlet<ByteString> out;
  private final ActorRef<SessionRegistry.Command> sessions;
  private final FrameDecoder decoder = new FrameDecoder(Limits.FRAME_BYTES);

  private @Nullable ActorRef<Session.Command> session;
  private @Nullable SessionInternal held;
  private @Nullable Cancellable cut;

  // What goes out next: an answer to the newest ping, frames, the end.
  private byte @Nullable [] pong;
  private @Nullable ByteString frames;
  private @Nullable ByteString goodbye;
  private boolean ready;
  private boolean last;
  private boolean asked;
  private boolean ending;
  private boolean answered;

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
            gone();
          }

          @Override
          public void onUpstreamFailure(Throwable cause) {
            // A reset, or silence for too long: nobody is there to be told.
            gone();
          }
        });
    setHandler(
        out,
        new AbstractOutHandler() {
          @Override
          public void onPull() {
            pass();
          }

          @Override
          public void onDownstreamFinish(Throwable cause) {
            gone();
          }
        });
  }

  @Override
  public void preStart() {
    StageActor self = getStageActor(this::told);
    // Until the session is there, the end of the registry is the end of the socket.
    self.watch(Adapter.toClassic(sessions));
    sessions.tell(new SessionRegistry.Open(Adapter.toTyped(self.ref())));
    pull(in);
  }

  @Override
  public void postStop() {
    leave();
    Cancellable c = cut;
    if (c != null) {
      c.cancel();
    }
  }

  private BoxedUnit told(Tuple2<org.apache.pekko.actor.ActorRef, Object> message) {
    switch (message._2()) {
      case SocketFlow.Opened opened -> opened(opened.session());
      case SocketFlow.Ready r -> {
        ready = true;
        bring();
        read();
      }
      case SocketFlow.Batch batch -> {
        // Nothing comes after a last frame, also where that was said for a session that has failed.
        if (!last) {
          add(batch.frames());
          if (batch.last()) {
            sayGoodbye();
          }
        }
        asked = false;
        pass();
      }
      case SocketFlow.Cut c -> cut();
      case SocketFlow.Refused r ->
          sayLast(CloseCode.GOING_AWAY, "no more connections here now", REFUSED_MILLIS);
      // The session has stopped without a last frame: it failed, or its node ends.
      case Terminated t -> {
        if (!ending) {
          sayLast(CloseCode.STATE_LOST, "the server lost track of this session", null);
        }
      }
      default -> {}
    }
    return BoxedUnit.UNIT;
  }

  // The last frame where there is no session to say it, nor to end the wait for who does not read.
  private void sayLast(CloseCode code, String reason, @Nullable Long retryAfterMillis) {
    if (!last) {
      var closing = new ServerFrame.Closing(code, reason, retryAfterMillis);
      add(ByteString.fromArrayUnsafe(FrameEncoder.text(FrameWriter.write(closing))));
      sayGoodbye();
    }
    cutAfter(FAREWELL);
    pass();
  }

  private void cutAfter(Duration time) {
    Cancellable before = cut;
    if (before != null) {
      before.cancel();
    }
    var self = stageActor().ref();
    cut =
        materializer()
            .scheduleOnce(
                DurationConverters.toScala(time),
                () -> self.tell(SocketFlow.Cut.CUT, org.apache.pekko.actor.ActorRef.noSender()));
  }

  private void opened(ActorRef<Session.Command> opened) {
    session = opened;
    stageActor().unwatch(Adapter.toClassic(sessions));
    stageActor().watch(Adapter.toClassic(opened));
    pass();
  }

  // ---- the end

  /** The client has gone. What it sent before belongs to it: the session gets it first. */
  private void gone() {
    ActorRef<Session.Command> s = session;
    SessionInternal frame = held;
    for (int i = 0; s != null && frame != null && i < LAST_WORDS; i++) {
      s.tell(frame);
      frame = nextFrame();
    }
    completeStage();
  }

  // The next one of what has come already.
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
        case BINARY -> Socket.BINARY;
        case TOO_LARGE -> Socket.TOO_LARGE;
        case PONG -> Socket.PONG;
        case CLOSE -> null;
      };
    }
    return null;
  }

  // Everything was said: the end, when it has gone out. Else the client does not read, and what is
  // on its way would keep the connection for as long as it likes.
  private void cut() {
    if (ending) {
      complete(out);
    } else {
      failStage(new NotReadException());
    }
  }

  /** Ends a connection with what was not read; without a stack, since nobody looks for it. */
  private static final class NotReadException extends Exception {
    private static final long serialVersionUID = 1L;

    NotReadException() {
      super("the client does not read", null, false, false);
    }
  }

  /** The session has no socket any more. */
  private void leave() {
    ActorRef<Session.Command> s = session;
    if (s != null) {
      session = null;
      s.tell(Socket.GONE);
    }
  }

  private void sayGoodbye() {
    sayGoodbye(parley.websocket.CloseCode.NORMAL);
  }

  private void sayGoodbye(parley.websocket.CloseCode code) {
    last = true;
    goodbye = ByteString.fromArrayUnsafe(FrameEncoder.close(code));
  }

  // ---- out

  private void add(ByteString more) {
    ByteString waiting = frames;
    frames = waiting == null ? more : waiting.concat(more);
  }

  // Everything that waits goes out at once; when that has gone, more is asked for.
  private void pass() {
    if (!isAvailable(out)) {
      return;
    }
    ByteString bytes = takeAll();
    if (bytes != null) {
      boolean end = goodbye != null;
      push(out, end ? bytes.concat(goodbye) : bytes);
      if (end) {
        goodbye = null;
        ended();
      }
      return;
    }
    ActorRef<Session.Command> s = session;
    if (s != null && !asked && !last) {
      asked = true;
      s.tell(Socket.WANTS);
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

  // After the last byte.
  private void ended() {
    ending = true;
    held = null;
    leave();
    if (answered) {
      complete(out);
    } else {
      cutAfter(GOODBYE);
      read();
    }
  }

  // ---- in

  // Reads up to the next frame that the session has not taken yet.
  private void read() {
    while (held == null) {
      FrameDecoder.Event event = decoder.next();
      if (event == null) {
        // Nothing more is read after the end: it would keep the connection from being idle.
        if (!hasBeenPulled(in) && !isClosed(in) && !isClosed(out)) {
          pull(in);
        }
        return;
      }
      switch (event) {
        case FrameDecoder.Ping ping -> {
          if (!ending) {
            pong = FrameEncoder.pong(ping.payload());
            pass();
          }
        }
        case FrameDecoder.Broken broken -> {
          goodbye(broken.code());
          return;
        }
        case FrameDecoder.Text text -> hold(frame(text));
        case FrameDecoder.Signal signal -> {
          if (signal == FrameDecoder.Signal.CLOSE) {
            answered = true;
            goodbye(parley.websocket.CloseCode.NORMAL);
            return;
          }
          hold(frame(signal));
        }
      }
    }
  }

  // The client has ended the connection, or there is no way to go on with it. It is told when it
  // reads, and nothing else.
  private void goodbye(parley.websocket.CloseCode code) {
    if (ending) {
      completeStage();
      return;
    }
    frames = null;
    pong = null;
    sayGoodbye(code);
    leave();
    cutAfter(GOODBYE);
    pass();
  }

  private void hold(@Nullable SessionInternal frame) {
    if (!ending) {
      held = frame;
      bring();
    }
  }

  private void bring() {
    ActorRef<Session.Command> s = session;
    SessionInternal h = held;
    if (ready && s != null && h != null) {
      ready = false;
      held = null;
      s.tell(h);
    }
  }
}
