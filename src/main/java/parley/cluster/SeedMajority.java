package parley.cluster;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.typed.ActorSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.settings.HostPort;

/**
 * Keeps the first seed node from forming a second cluster. The first seed node may form a cluster
 * if no other seed node answers within seconds; that is how a deployment starts. But a first seed
 * node that is cut off from the others and is restarted by its supervisor gets no answer either. It
 * would form a cluster of its own beside the live one, and the two would stay apart when the
 * network heals. So it waits until more than half of the seed nodes can be reached, itself
 * included. Those nodes either are a cluster, which it then joins, or wait for it.
 */
final class SeedMajority {
  private static final Logger LOG = LoggerFactory.getLogger(SeedMajority.class);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);
  private static final int TRIES_PER_REMINDER = 20;

  private SeedMajority() {}

  /**
   * If this node is the first of the seed nodes, waits until it reaches more than half of them.
   * Blocks until then, or until the system ends.
   */
  static void await(ActorSystem<?> system, HostPort self, List<HostPort> seeds) {
    if (!seeds.getFirst().equals(self)) {
      return;
    }
    int knocks = 0;
    while (1 + countReachable(seeds.subList(1, seeds.size())) <= seeds.size() / 2) {
      if (knocks++ % TRIES_PER_REMINDER == 0) {
        LOG.info("Waiting to form a cluster until more than half of {} can be reached", seeds);
      }
      if (endsWithinInterval(system)) {
        return;
      }
    }
  }

  private static int countReachable(List<HostPort> others) {
    int reached = 0;
    for (HostPort other : others) {
      try (Socket socket = new Socket()) {
        socket.connect(
            new InetSocketAddress(other.host(), other.port()), (int) CONNECT_TIMEOUT.toMillis());
        reached++;
      } catch (IOException e) {
        // Not running, or cut off: not counted.
      }
    }
    return reached;
  }

  /** Waits for the time between two tries. Returns whether the system ended meanwhile. */
  private static boolean endsWithinInterval(ActorSystem<?> system) {
    try {
      system
          .getWhenTerminated()
          .toCompletableFuture()
          .get(CONNECT_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }
}
