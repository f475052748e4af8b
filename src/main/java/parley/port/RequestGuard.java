package parley.port;

import java.util.Objects;
import javax.net.ssl.SSLSession;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.BidiShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.TLSProtocol.SslTlsInbound;
import org.apache.pekko.stream.TLSProtocol.SslTlsOutbound;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;

/**
 * The stage between the bytes of a connection and the HTTP library. It is one stage, because every
 * idle connection pays for each stage, and one blueprint serves all connections.
 *
 * <pre>
 *             ┌──────────────┐
 *   toHttp  ◀─┤ framing, time├◀─ fromNet
 *   fromHttp ─▶  (101: none) ├─▶ toNet
 *             └──────────────┘
 * </pre>
 */
final class RequestGuard
    extends GraphStage<BidiShape<SslTlsOutbound, ByteString, ByteString, SslTlsInbound>> {
  private final Inlet<SslTlsOutbound> fromHttp = Inlet.create("RequestGuard.fromHttp");
  private final Outlet<ByteString> toNet = Outlet.create("RequestGuard.toNet");
  private final Inlet<ByteString> fromNet = Inlet.create("RequestGuard.fromNet");
  private final Outlet<SslTlsInbound> toHttp = Outlet.create("RequestGuard.toHttp");
  private final BidiShape<SslTlsOutbound, ByteString, ByteString, SslTlsInbound> shape =
      BidiShape.of(fromHttp, toNet, fromNet, toHttp);

  private final PortSettings limits;
  private final PortMeters meters;
  private final SSLSession session;

  /**
   * Creates the blueprint.
   *
   * @param session without encryption, which the library expects with all bytes
   */
  RequestGuard(PortSettings limits, PortMeters meters, SSLSession session) {
    this.limits = limits;
    this.meters = meters;
    this.session = session;
    // Loads classes now: once descriptors have run out, no class can be loaded.
    RequestGuardLogic.loadClasses();
  }

  @Override
  public BidiShape<SslTlsOutbound, ByteString, ByteString, SslTlsInbound> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes inherited) {
    OpenConnection connection =
        Objects.requireNonNull(inherited.getAttribute(OpenConnection.class, null));
    return new RequestGuardLogic(shape, limits, meters, session, connection);
  }
}
