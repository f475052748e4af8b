package parley.port;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.apache.pekko.Done;
import org.apache.pekko.http.javadsl.model.AttributeKeys;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.RemoteAddress;
import org.jspecify.annotations.Nullable;
import parley.port.OpenConnection.Signal;

/** The open connections of a port, bounded by its limits. Thread-safe. */
final class OpenConnections implements ForwardedLimit {
  private final ConnectionLimits limits;
  private final PortMeters meters;
  private final ConcurrentMap<InetSocketAddress, OpenConnection> open = new ConcurrentHashMap<>();
  private final CompletableFuture<Done> empty = new CompletableFuture<>();
  private volatile boolean finishing;

  OpenConnections(ConnectionLimits limits, PortMeters meters) {
    this.limits = limits;
    this.meters = meters;
  }

  /**
   * Adds a connection that the limits have admitted. If the client comes again from the same port,
   * its earlier connection is lost, perhaps before its stream started. That connection ends here
   * and no longer counts.
   */
  OpenConnection add(InetSocketAddress remote, SocketChannel channel) {
    OpenConnection connection = new OpenConnection(remote, channel, this::ended);
    OpenConnection before = open.put(remote, connection);
    if (before != null) {
      before.tell(Signal.CUT);
      before.end();
    }
    return connection;
  }

  private void ended(OpenConnection connection) {
    // A new connection may have the same address already.
    open.remove(connection.remote(), connection);
    limits.release(connection.remote().getAddress());
    if (finishing && open.isEmpty()) {
      empty.complete(Done.done());
    }
  }

  @Nullable OpenConnection get(InetSocketAddress remote) {
    return open.get(remote);
  }

  /** The connection of a request, or null if it has ended. */
  @Nullable OpenConnection of(HttpRequest request) {
    RemoteAddress remote = request.getAttribute(AttributeKeys.remoteAddress).orElse(null);
    InetAddress address = remote == null ? null : remote.getAddress().orElse(null);
    return remote == null || address == null
        ? null
        : open.get(new InetSocketAddress(address, remote.getPort()));
  }

  /** Ends the connections whose channel was closed before their stream started. */
  void sweep() {
    for (OpenConnection connection : open.values()) {
      if (connection.isLost()) {
        connection.end();
      }
    }
  }

  /** Ends all connections, each after the requests it has begun. Completes when none is left. */
  CompletionStage<Done> finish() {
    finishing = true;
    tellAll(Signal.FINISH);
    if (open.isEmpty()) {
      empty.complete(Done.done());
    }
    return empty;
  }

  /** Ends all connections now. */
  void cut() {
    tellAll(Signal.CUT);
  }

  private void tellAll(Signal signal) {
    for (OpenConnection connection : open.values()) {
      connection.tell(signal);
    }
  }

  boolean isFinishing() {
    return finishing;
  }

  // ---- limit for forwarded calls and sockets

  @Override
  public boolean take(InetAddress client) {
    boolean taken = limits.take(client);
    if (!taken) {
      meters.addressFull.increment();
    }
    return taken;
  }

  @Override
  public void giveBack(InetAddress client) {
    limits.giveBack(client);
  }

  @Override
  public void giveBackAfter(HttpRequest request, InetAddress client) {
    OpenConnection connection = of(request);
    if (connection == null) {
      limits.giveBack(client);
    } else {
      connection.afterwards(() -> limits.giveBack(client));
    }
  }
}
