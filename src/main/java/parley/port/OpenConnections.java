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
  private final ConnectionCounts counts;
  private final PortMeters meters;
  private final ConcurrentMap<InetSocketAddress, OpenConnection> open = new ConcurrentHashMap<>();
  private final CompletableFuture<Done> allEnded = new CompletableFuture<>();
  private volatile boolean finishing;

  OpenConnections(ConnectionCounts counts, PortMeters meters) {
    this.counts = counts;
    this.meters = meters;
  }

  /**
   * Adds a connection that the counts have admitted, and hands it to the code that serves it. If
   * that fails, the connection has ended and no longer counts when this call throws.
   *
   * @param handOver makes somebody serve the connection
   */
  void add(InetSocketAddress remote, SocketChannel channel, Runnable handOver) {
    OpenConnection connection = null;
    try {
      connection = add(remote, channel);
      handOver.run();
    } catch (RuntimeException | LinkageError e) {
      if (connection == null) {
        counts.release(remote.getAddress());
      } else {
        connection.end();
      }
      throw e;
    }
  }

  /**
   * Adds a connection that the counts have admitted. If the client comes again from the same port,
   * its earlier connection is lost, perhaps before its stream started. That connection ends here
   * and no longer counts.
   */
  OpenConnection add(InetSocketAddress remote, SocketChannel channel) {
    OpenConnection connection = new OpenConnection(remote, channel, this::onEnded);
    OpenConnection before = open.put(remote, connection);
    if (before != null) {
      before.signal(Signal.CUT);
      before.end();
    }
    return connection;
  }

  private void onEnded(OpenConnection connection) {
    // A new connection may have the same address already.
    open.remove(connection.remote(), connection);
    counts.release(connection.remote().getAddress());
    if (finishing && open.isEmpty()) {
      allEnded.complete(Done.done());
    }
  }

  @Nullable OpenConnection get(InetSocketAddress remote) {
    return open.get(remote);
  }

  /** The connection of a request, or null if it has ended. */
  @Nullable OpenConnection ofRequest(HttpRequest request) {
    RemoteAddress remote = request.getAttribute(AttributeKeys.remoteAddress).orElse(null);
    InetAddress address = remote == null ? null : remote.getAddress().orElse(null);
    return remote == null || address == null
        ? null
        : open.get(new InetSocketAddress(address, remote.getPort()));
  }

  /** Ends the connections whose channel was closed before their stream started. */
  void endLost() {
    for (OpenConnection connection : open.values()) {
      if (connection.isLost()) {
        connection.end();
      }
    }
  }

  /** Ends all connections, each after the requests it has begun. Completes when none is left. */
  CompletionStage<Done> finish() {
    finishing = true;
    signalAll(Signal.FINISH);
    if (open.isEmpty()) {
      allEnded.complete(Done.done());
    }
    return allEnded;
  }

  /** Ends all connections now. */
  void cut() {
    signalAll(Signal.CUT);
  }

  private void signalAll(Signal signal) {
    for (OpenConnection connection : open.values()) {
      connection.signal(signal);
    }
  }

  boolean isFinishing() {
    return finishing;
  }

  // ---- limit for forwarded calls and sockets

  @Override
  public boolean acquire(InetAddress client) {
    boolean taken = counts.acquireAddress(client);
    if (!taken) {
      meters.addressFull.increment();
    }
    return taken;
  }

  @Override
  public void release(InetAddress client) {
    counts.releaseAddress(client);
  }

  @Override
  public void releaseWithConnection(HttpRequest request, InetAddress client) {
    OpenConnection connection = ofRequest(request);
    if (connection == null) {
      counts.releaseAddress(client);
    } else {
      connection.whenEnded(() -> counts.releaseAddress(client));
    }
  }
}
