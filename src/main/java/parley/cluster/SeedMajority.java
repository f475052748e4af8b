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
 * Keeps the first seed node from beginning a second cluster. Of the seed nodes the first one may
 * begin a cluster when no other one answers within seconds; that is how a deployment starts. But a
 * first node that is cut off from the others, ends and is started again by its supervisor, hears
 * nobody either: it would begin a cluster of its own beside the one that lives, and they would stay
 * apart when the cut is healed. So it waits until more than half of the seed nodes, itself
 * included, can be reached; those either are a cluster, which it then joins, or wait for it.
 */
final class SeedMajority {
  private static final Logger LOG = LoggerFactory.getLogger(SeedMajority.class);
  private static final Duration KNOCK = Duration.ofSeconds(1);
  private static final int KNOCKS_UNTIL_REMINDER = 20;

  private SeedMajority() {}

  /** Waits for it where this node is the first of the seeds. Blocks, until the system ends. */
  static void await(ActorSystem<?> system, HostPort self, List<HostPort> seeds) {
    if (!seeds.getFirst().equals(self)) {
      return;
    }
    int knocks = 0;
    while (1 + reached(seeds.subList(1, seeds.size())) <= seeds.size() / 2) {
      if (knocks++ % KNOCKS_UNTIL_REMINDER == 0) {
        LOG.info("Begins no cluster before more than half of {} can be reached", seeds);
      }
      if (ends(system)) {
        return;
      }
    }
  }

  private static int reached(List<HostPort> others) {
    int reached = 0;
    for (HostPort other : others) {
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress(other.host(), other.port()), (int) KNOCK.toMillis());
        reached++;
      } catch (IOException e) {
        // Nobody there, or cut off: that is the question.
      }
    }
    return reached;
  }

  /** Whether the system ends before the next try. */
  private static boolean ends(ActorSystem<?> system) {
    try {
      system.getWhenTerminated().toCompletableFuture().get(KNOCK.toMillis(), TimeUnit.MILLISECONDS);
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
