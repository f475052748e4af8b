package parley.port;

import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.function.BiConsumer;
import org.apache.pekko.actor.AbstractActorWithTimers;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.Props;
import org.apache.pekko.io.Tcp;
import org.apache.pekko.io.TcpListener;

/**
 * Actor to which the library's connection actors report. It starts the stream of each connection.
 * Every 10 s it ends connections that were lost before their stream started.
 */
final class ConnectionRegistrar extends AbstractActorWithTimers {
  private static final Duration SWEEP = Duration.ofSeconds(10);
  private static final String TICK = "sweep";

  private final OpenConnections openConnections;
  private final BiConsumer<OpenConnection, ActorRef> start;

  private ConnectionRegistrar(
      OpenConnections openConnections, BiConsumer<OpenConnection, ActorRef> start) {
    this.openConnections = openConnections;
    this.start = start;
    getTimers().startTimerWithFixedDelay(TICK, TICK, SWEEP);
  }

  static Props props(OpenConnections openConnections, BiConsumer<OpenConnection, ActorRef> start) {
    return Props.create(
        ConnectionRegistrar.class, () -> new ConnectionRegistrar(openConnections, start));
  }

  @Override
  public Receive createReceive() {
    return receiveBuilder()
        .match(Tcp.Connected.class, this::connected)
        .match(TcpListener.FailedRegisterIncoming.class, this::registrationFailed)
        .matchEquals(TICK, tick -> openConnections.endLost())
        .build();
  }

  private void connected(Tcp.Connected connected) {
    OpenConnection connection = openConnections.get(connected.remoteAddress());
    if (connection == null || !connection.claimStart()) {
      getContext().stop(getSender());
    } else {
      start.accept(connection, getSender());
    }
  }

  /** The selector accepts no more channels; its bound is far beyond any limit of a port. */
  private void registrationFailed(TcpListener.FailedRegisterIncoming failed)
      throws java.io.IOException {
    SocketChannel channel = failed.channel();
    OpenConnection connection = openConnections.get((InetSocketAddress) channel.getRemoteAddress());
    channel.close();
    if (connection != null) {
      connection.end();
    }
  }
}
