package parley.session;

import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;

/**
 * The socket's side of a connection: one stage between the bytes of an upgraded connection and a
 * {@link Session}.
 *
 * <p>One stage, because every stage is paid for by each idle connection and each frame. The flow is
 * a blueprint without state: one for all connections.
 *
 * <pre>
 *   in  --one message--&gt;  Session.Received   (and the next is told after Ready)
 *   out &lt;--bytes at once--  Batch              (and after the last: WANTS)
 * </pre>
 */
public final class SocketFlow extends GraphStage<FlowShape<ByteString, ByteString>> {
  private final Inlet<ByteString> in = Inlet.create("SocketFlow.in");
  private final Outlet<ByteString> out = Outlet.create("SocketFlow.out");
  private final FlowShape<ByteString, ByteString> shape = FlowShape.of(in, out);
  private final ActorRef<SessionRegistry.Command> sessions;

  /** What a session tells its socket. */
  public sealed interface ToSocket {}

  /** The session is there. */
  record Opened(ActorRef<Session.Command> session) implements ToSocket {}

  /** There is no session for this socket. */
  enum Refused implements ToSocket {
    /** The only one. */
    REFUSED
  }

  /** The next frame may come. */
  enum Ready implements ToSocket {
    /** The only one. */
    READY
  }

  /** Whole frames to pass on, then to ask for more, or to end the connection. */
  record Batch(ByteString frames, boolean last) implements ToSocket {
    @Override
    public String toString() {
      return "Batch[" + frames.size() + ", last=" + last + "]";
    }
  }

  /** End now, whatever waits. */
  enum Cut implements ToSocket {
    /** The only one. */
    CUT
  }

  /**
   * The flow of every connection of a node; materialize it once for each.
   *
   * @param sessions the node's registry
   */
  public static Flow<ByteString, ByteString, NotUsed> create(
      ActorRef<SessionRegistry.Command> sessions) {
    return Flow.fromGraph(new SocketFlow(sessions));
  }

  private SocketFlow(ActorRef<SessionRegistry.Command> sessions) {
    this.sessions = sessions;
  }

  @Override
  public FlowShape<ByteString, ByteString> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes inherited) {
    return new SocketLogic(shape, sessions);
  }
}
