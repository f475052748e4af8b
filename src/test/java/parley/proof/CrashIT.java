package parley.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.client.ServerProcess;

/**
 * The program is killed with {@code kill -9} under load, again and again, and started on what it
 * left; nothing that was acknowledged may be lost, doubled, moved or miscounted. A long run:
 *
 * <pre>mvn -B verify -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=CrashIT \
 *   -Dparley.crash.kills=50 -Dparley.crash.seconds=900 -Dparley.crash.clients=48</pre>
 */
class CrashIT {
  private static final long SEED = Long.getLong("parley.seed", new Random().nextLong());
  private static final int KILLS = Integer.getInteger("parley.crash.kills", 5);
  private static final int SECONDS = Integer.getInteger("parley.crash.seconds", 0);
  private static final int CLIENTS = Integer.getInteger("parley.crash.clients", 24);

  /** The longest pause of a client between two steps. */
  private static final int PACE_MILLIS = Integer.getInteger("parley.crash.pace", 200);

  /** At most so many acknowledged messages between two kills. */
  private static final int SPACING = Integer.getInteger("parley.crash.spacing", 500);

  @Test
  void nothingAcknowledgedIsLost(@TempDir Path data) {
    System.out.println("crash test of seed " + SEED);
    Random random = new Random(SEED);
    int kills = 0;
    try (ServerProcess server = ServerProcess.start(data, ServerProcess.SHORT_LIVED);
        History history = History.to(Path.of("target", "crash-history.jsonl"));
        Swarm swarm = new Swarm(List.of(server.uri()), history, SEED, Habits.steady(PACE_MILLIS))) {
      swarm.begin(CLIENTS);
      swarm.start();
      long until = System.nanoTime() + Duration.ofSeconds(SECONDS).toNanos();
      while (kills < KILLS || System.nanoTime() < until) {
        long enough = swarm.counts().acknowledged() + 20 + random.nextInt(SPACING);
        await("acknowledgements after " + kills + " kills")
            .atMost(Duration.ofSeconds(60))
            .pollInterval(Duration.ofMillis(5))
            .until(() -> swarm.counts().acknowledged() >= enough);
        server.kill9();
        history.add(new Event.Killed("kill -9"));
        kills++;
        server.restart();
      }
      swarm.finish();
      report(history, swarm, kills);
      Checker.assertNone(history);
      assertThat(swarm.counts().refused().keySet())
          .as("what a correct client may be refused: a change of a deleted message")
          .isSubsetOf("forbidden", "unavailable");
    }
  }

  private static void report(History history, Swarm swarm, int kills) {
    Map<String, Long> broken =
        Checker.check(history).stream()
            .collect(Collectors.groupingBy(Violation::guarantee, Collectors.counting()));
    System.out.printf(
        "kill -9 under load: %d kills, %d clients, %s%n"
            + "lost %d, holes or changed %d, doubled %d, delivery %d, unread %d, cursors %d%n",
        kills,
        CLIENTS,
        swarm.counts(),
        broken.getOrDefault("G1", 0L),
        broken.getOrDefault("G2", 0L),
        broken.getOrDefault("G3", 0L),
        broken.getOrDefault("G4", 0L),
        broken.getOrDefault("G5", 0L),
        broken.getOrDefault("G6", 0L));
  }
}
