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
 * Socket side of a connection: one stream stage between the bytes of an upgraded connection and a
 * {@link Session}.
 *
 * <p>There is only one stage, because each idle connection and each frame pays for every stage. The
 * flow is a blueprint without state, shared by all connections.
 *
 * <pre>
 *   in  --one message--&gt;  Received           (the next one after Ready)
 *   out &lt;--bytes at once--  Batch              (WANTS_MORE once they have gone out)
 * </pre>
 */
public final class SocketFlow extends GraphStage<FlowShape<ByteString, ByteString>> {
  private final Inlet<ByteString> in = Inlet.create("SocketFlow.in");
  private final Outlet<ByteString> out = Outlet.create("SocketFlow.out");
  private final FlowShape<ByteString, ByteString> shape = FlowShape.of(in, out);
  private final ActorRef<SessionRegistry.Command> sessions;

  /**
   * The flow for the connections of a node; materialize it once for each connection.
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
