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

/** The connections of a port that are open: as many as its limits allow. Safe from any thread. */
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
   * One more, admitted by the limits. A client that comes again from the same port has lost its
   * connection before, perhaps before anybody looked after it: that one has ended, and counts no
   * more.
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
    // Its address may belong to a new one already.
    open.remove(connection.remote(), connection);
    limits.release(connection.remote().getAddress());
    if (finishing && open.isEmpty()) {
      empty.complete(Done.done());
    }
  }

  @Nullable OpenConnection get(InetSocketAddress remote) {
    return open.get(remote);
  }

  /** The connection a request came by, null where it has gone. */
  @Nullable OpenConnection of(HttpRequest request) {
    RemoteAddress remote = request.getAttribute(AttributeKeys.remoteAddress).orElse(null);
    InetAddress address = remote == null ? null : remote.getAddress().orElse(null);
    return remote == null || address == null
        ? null
        : open.get(new InetSocketAddress(address, remote.getPort()));
  }

  /** Ends those whose channel was closed before anybody looked after them. */
  void sweep() {
    for (OpenConnection connection : open.values()) {
      if (connection.isLost()) {
        connection.end();
      }
    }
  }

  /** Ends all, each after what it has begun; done when none is left. */
  CompletionStage<Done> finish() {
    finishing = true;
    tellAll(Signal.FINISH);
    if (open.isEmpty()) {
      empty.complete(Done.done());
    }
    return empty;
  }

  /** Ends all, now. */
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

  // ---- what proxies forward

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
