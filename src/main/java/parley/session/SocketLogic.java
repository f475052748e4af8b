package parley.session;

import java.util.ArrayDeque;
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
import parley.session.SessionInternal.Socket;
import scala.Tuple2;
import scala.runtime.BoxedUnit;

/**
 * One socket at work. It reads one frame ahead of what the session wants, only so that it sees the
 * client's end while the session is busy with the handshake: whoever has gone replaces nobody.
 */
final class SocketLogic extends GraphStageLogic {
  private final Inlet<Message> in;
  private final Outlet<Message> out;
  private final ActorRef<Sessions.Command> sessions;
  private final ArrayDeque<String> frames = new ArrayDeque<>(2);

  private @Nullable ActorRef<Session.Command> session;
  private @Nullable SessionInternal held;
  private boolean ready;
  private boolean last;
  private boolean asked;

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
  }

  private BoxedUnit told(Tuple2<org.apache.pekko.actor.ActorRef, Object> message) {
    switch (message._2()) {
      case SocketFlow.Opened opened -> opened(opened.session());
      case SocketFlow.Ready r -> {
        ready = true;
        bring();
      }
      case SocketFlow.Batch batch -> {
        frames.addAll(batch.frames());
        last = batch.last();
        asked = false;
        if (isAvailable(out)) {
          pass();
        }
      }
      case SocketFlow.Cut c -> completeStage();
      case SocketFlow.Refused r -> completeStage();
      // The session has stopped without a last frame: it failed, or its node ends.
      case Terminated t -> completeStage();
      default -> {}
    }
    return BoxedUnit.UNIT;
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
        completeStage();
      }
      return;
    }
    ActorRef<Session.Command> s = session;
    if (s != null && !asked) {
      asked = true;
      s.tell(Socket.WANTS);
    }
  }

  private void bring() {
    ActorRef<Session.Command> s = session;
    SessionInternal h = held;
    if (ready && s != null && h != null) {
      ready = false;
      held = null;
      s.tell(h);
      if (h != Socket.TOO_LARGE && !hasBeenPulled(in) && !isClosed(in)) {
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

  // A frame in parts: kept only as long as it may still be small enough.
  private void collect(Source<String, ?> parts) {
    StringBuilder sum = new StringBuilder();
    SubSinkInlet<String> sub = new SubSinkInlet<>("SocketFlow.text");
    sub.setHandler(
        new AbstractInHandler() {
          @Override
          public void onPush() {
            sum.append(sub.grab());
            // A char is at least one byte.
            if (sum.length() > Limits.FRAME_BYTES) {
              sub.cancel();
              hold(Socket.TOO_LARGE);
            } else {
              sub.pull();
            }
          }

          @Override
          public void onUpstreamFinish() {
            hold(frame(sum.toString()));
          }

          @Override
          public void onUpstreamFailure(Throwable cause) {
            gone();
          }
        });
    parts.runWith(Sink.fromGraph(sub.sink()), subFusingMaterializer());
    sub.pull();
  }

  private void count(Source<ByteString, ?> parts) {
    long[] sum = new long[1];
    SubSinkInlet<ByteString> sub = new SubSinkInlet<>("SocketFlow.binary");
    sub.setHandler(
        new AbstractInHandler() {
          @Override
          public void onPush() {
            sum[0] += sub.grab().size();
            if (sum[0] > Limits.FRAME_BYTES) {
              sub.cancel();
              hold(Socket.TOO_LARGE);
            } else {
              sub.pull();
            }
          }

          @Override
          public void onUpstreamFinish() {
            hold(binary(sum[0]));
          }

          @Override
          public void onUpstreamFailure(Throwable cause) {
            gone();
          }
        });
    parts.runWith(Sink.fromGraph(sub.sink()), subFusingMaterializer());
    sub.pull();
  }
}
