package parley.session;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.Terminated;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.http.javadsl.model.ws.Message;
import org.apache.pekko.http.javadsl.model.ws.TextMessage;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
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
import scala.Tuple2;
import scala.jdk.javaapi.DurationConverters;
import scala.runtime.BoxedUnit;

/**
 * One socket at work. It reads one frame ahead of what the session wants, only so that it sees the
 * client's end while the session is busy with the handshake: whoever has gone replaces nobody.
 */
final class SocketLogic extends GraphStageLogic {
  /** How long a last frame may take that no session watches over. */
  static final Duration FAREWELL = Duration.ofSeconds(5);

  private static final long REFUSED_MILLIS = 5_000;

  private final Inlet<Message> in;
  private final Outlet<Message> out;
  private final ActorRef<Sessions.Command> sessions;
  private final ArrayDeque<String> frames = new ArrayDeque<>(2);

  private @Nullable ActorRef<Session.Command> session;
  private @Nullable SessionInternal held;
  private @Nullable SubSinkInlet<?> parts;
  private @Nullable Cancellable farewell;
  private boolean ready;
  private boolean last;
  private boolean asked;
  private boolean deaf;

  SocketLogic(FlowShape<Message, Message> shape, ActorRef<Sessions.Command> sessions) {
    super(shape);
    this.in = shape.in();
    this.out = shape.out();
    this.sessions = sessions;
    setHandler(
        in,
        new AbstractInHandler() {
          @Override
          public void onPush() {
            onMessage(grab(in));
          }

          @Override
          public void onUpstreamFinish() {
            gone();
          }

          @Override
          public void onUpstreamFailure(Throwable cause) {
            // A broken frame, invalid UTF-8, a reset: nobody is there to be told.
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
    sessions.tell(new Sessions.Open(Adapter.toTyped(self.ref())));
    pull(in);
  }

  @Override
  public void postStop() {
    ActorRef<Session.Command> s = session;
    if (s != null) {
      s.tell(Socket.GONE);
    }
    Cancellable f = farewell;
    if (f != null) {
      f.cancel();
    }
  }

  private BoxedUnit told(Tuple2<org.apache.pekko.actor.ActorRef, Object> message) {
    switch (message._2()) {
      case SocketFlow.Opened opened -> opened(opened.session());
      case SocketFlow.Ready r -> {
        ready = true;
        bring();
      }
      case SocketFlow.Batch batch -> {
        // Nothing comes after a last frame, also where that was said for a session that has failed.
        if (!last) {
          frames.addAll(batch.frames());
          last = batch.last();
        }
        asked = false;
        if (isAvailable(out)) {
          pass();
        }
      }
      case SocketFlow.Cut c -> completeStage();
      case SocketFlow.Refused r ->
          sayLast(CloseCode.GOING_AWAY, "no more connections here now", REFUSED_MILLIS);
      // The session has stopped without a last frame: it failed, or its node ends.
      case Terminated t ->
          sayLast(CloseCode.STATE_LOST, "the server lost track of this session", null);
      default -> {}
    }
    return BoxedUnit.UNIT;
  }

  // The last frame where there is no session to say it, nor to end the wait for who does not read.
  private void sayLast(CloseCode code, String reason, @Nullable Long retryAfterMillis) {
    if (!last) {
      last = true;
      frames.add(FrameWriter.write(new ServerFrame.Closing(code, reason, retryAfterMillis)));
    }
    if (farewell == null) {
      var self = stageActor().ref();
      farewell =
          materializer()
              .scheduleOnce(
                  DurationConverters.toScala(FAREWELL),
                  () -> self.tell(SocketFlow.Cut.CUT, org.apache.pekko.actor.ActorRef.noSender()));
    }
    if (isAvailable(out)) {
      pass();
    }
  }

  private void opened(ActorRef<Session.Command> opened) {
    session = opened;
    stageActor().unwatch(Adapter.toClassic(sessions));
    stageActor().watch(Adapter.toClassic(opened));
    if (isAvailable(out)) {
      pass();
    }
  }

  // The end of the client. What it sent before belongs to it: the session gets it first.
  private void gone() {
    ActorRef<Session.Command> s = session;
    SessionInternal h = held;
    if (s != null && h != null) {
      s.tell(h);
    }
    completeStage();
  }

  private void pass() {
    String frame = frames.pollFirst();
    if (frame != null) {
      push(out, TextMessage.create(frame));
      if (last && frames.isEmpty()) {
        end();
      }
      return;
    }
    ActorRef<Session.Command> s = session;
    if (s != null && !asked) {
      asked = true;
      s.tell(Socket.WANTS);
    }
  }

  // After the last frame. The rest of a message that is still coming is taken in: to cancel it is
  // to end the connection with bytes unread, and the reset may overtake the last frame.
  private void end() {
    if (parts == null) {
      completeStage();
    } else {
      complete(out);
      discard();
    }
  }

  private void discard() {
    deaf = true;
    SubSinkInlet<?> rest = parts;
    if (rest != null && !rest.isClosed() && !rest.hasBeenPulled()) {
      rest.pull();
    }
  }

  private void bring() {
    ActorRef<Session.Command> s = session;
    SessionInternal h = held;
    if (ready && s != null && h != null) {
      ready = false;
      held = null;
      s.tell(h);
      if (h == Socket.TOO_LARGE) {
        discard();
      } else if (!hasBeenPulled(in) && !isClosed(in)) {
        pull(in);
      }
    }
  }

  private void hold(SessionInternal frame) {
    held = frame;
    bring();
  }

  private void onMessage(Message message) {
    if (message.isText()) {
      TextMessage t = message.asTextMessage();
      if (t.isStrict()) {
        hold(frame(t.getStrictText()));
      } else {
        collect(t.getStreamedText());
      }
    } else if (message.asBinaryMessage().isStrict()) {
      hold(binary(message.asBinaryMessage().getStrictData().size()));
    } else {
      count(message.asBinaryMessage().getStreamedData());
    }
  }

  private static SessionInternal frame(String text) {
    return Outbox.utf8Length(text) > Limits.FRAME_BYTES
        ? Socket.TOO_LARGE
        : new SessionInternal.Received(text);
  }

  private static SessionInternal binary(long size) {
    return size > Limits.FRAME_BYTES ? Socket.TOO_LARGE : Socket.BINARY;
  }

  private void collect(Source<String, ?> source) {
    StringBuilder sum = new StringBuilder();
    // A char is at least one byte.
    take(source, part -> sum.append(part).length(), () -> frame(sum.toString()));
  }

  private void count(Source<ByteString, ?> source) {
    long[] sum = new long[1];
    take(source, part -> sum[0] += part.size(), () -> binary(sum[0]));
  }

  /**
   * A frame in parts: kept only as long as it may still be small enough. What comes after that is
   * thrown away, once the session knows.
   *
   * @param add adds a part, and says how much there is at least
   * @param whole the frame, when all parts are there
   */
  private <T> void take(
      Source<T, ?> source, ToLongFunction<T> add, Supplier<SessionInternal> whole) {
    SubSinkInlet<T> sub = new SubSinkInlet<>("SocketFlow.parts");
    parts = sub;
    sub.setHandler(
        new AbstractInHandler() {
          private boolean tooLarge;

          @Override
          public void onPush() {
            T part = sub.grab();
            if (deaf || add.applyAsLong(part) <= Limits.FRAME_BYTES) {
              sub.pull();
            } else {
              tooLarge = true;
              hold(Socket.TOO_LARGE);
            }
          }

          @Override
          public void onUpstreamFinish() {
            parts = null;
            if (isClosed(out)) {
              completeStage();
            } else if (!deaf && !tooLarge) {
              hold(whole.get());
            }
          }

          @Override
          public void onUpstreamFailure(Throwable cause) {
            gone();
          }
        });
    source.runWith(Sink.fromGraph(sub.sink()), subFusingMaterializer());
    sub.pull();
  }
}
