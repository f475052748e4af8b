package parley.session;

import java.util.List;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.http.javadsl.model.ws.Message;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;

/**
 * The socket's side of a connection: one stage between pekko-http's messages and a {@link Session}.
 *
 * <p>One stage, because every stage is paid for by each idle connection: the usual pair of a sink
 * and a source of actors with their buffers costs tens of kilobytes. The flow is a blueprint
 * without state: one for all connections.
 *
 * <pre>
 *   in  --one message--&gt;  Session.Received   (and the next is told after Ready)
 *   out &lt;--frame by frame-- Batch              (and after the last: WANTS)
 * </pre>
 */
public final class SocketFlow extends GraphStage<FlowShape<Message, Message>> {
  private final Inlet<Message> in = Inlet.create("SocketFlow.in");
  private final Outlet<Message> out = Outlet.create("SocketFlow.out");
  private final FlowShape<Message, Message> shape = FlowShape.of(in, out);
  private final ActorRef<Sessions.Command> sessions;

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

  /** Frames to pass on, then to ask for more, or to complete. */
  record Batch(List<String> frames, boolean last) implements ToSocket {
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
  public static Flow<Message, Message, NotUsed> create(ActorRef<Sessions.Command> sessions) {
    return Flow.fromGraph(new SocketFlow(sessions));
  }

  private SocketFlow(ActorRef<Sessions.Command> sessions) {
    this.sessions = sessions;
  }

  @Override
  public FlowShape<Message, Message> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes inherited) {
    return new SocketLogic(shape, sessions);
  }
}
