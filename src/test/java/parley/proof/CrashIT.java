package parley.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.client.ServerProcess;
import parley.proof.checker.Checker;
import parley.proof.checker.HistoryEvent;
import parley.proof.checker.RecordedHistory;
import parley.proof.checker.Violation;
import parley.proof.faults.SmallDisk;
import parley.proof.swarm.DeviceHabits;
import parley.proof.swarm.Swarm;

/**
 * The program is killed with {@code kill -9} under load, again and again, and started on what it
 * left; and its disk is full for a while, where the machine allows to mount one. Nothing that was
 * acknowledged may be lost, doubled, moved or miscounted. A long run:
 *
 * <pre>mvn -B verify -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=CrashIT \
 *   -Dparley.crash.kills=50 -Dparley.crash.seconds=900 -Dparley.crash.clients=48 \
 *   -Dparley.crash.full=30 -Dparley.crash.disk=8000</pre>
 */
class CrashIT {
  private static final long SEED = Long.getLong("parley.seed", new Random().nextLong());
  private static final int KILLS = Integer.getInteger("parley.crash.kills", 5);
  private static final int SECONDS = Integer.getInteger("parley.crash.seconds", 0);
  private static final int CLIENTS = Integer.getInteger("parley.crash.clients", 24);

  /** The longest pause of a client between two steps. */
  private static final int PACE_MILLIS = Integer.getInteger("parley.crash.pace", 200);

  /** The most acknowledged messages between two kills. */
  private static final int SPACING = Integer.getInteger("parley.crash.spacing", 500);

  /** How often the disk is full. */
  private static final int FULL = Integer.getInteger("parley.crash.full", 1);

  /** What the disk holds, in MB; all of it in memory. */
  private static final int DISK_MEGABYTES = Integer.getInteger("parley.crash.disk", 512);

  @Test
  void nothingAcknowledgedIsLost(@TempDir Path folder) throws IOException {
    Path mount = Files.createDirectory(folder.resolve("disk"));
    if (!SmallDisk.allowed(mount)) {
      System.out.println("no disk can be mounted here, so none is filled");
      crash(folder.resolve("data"), null);
      return;
    }
    try (SmallDisk disk = SmallDisk.mount(mount, DISK_MEGABYTES)) {
      crash(disk.folder().resolve("data"), disk);
    }
  }

  private static void crash(Path data, @Nullable SmallDisk disk) {
    System.out.println("crash test of seed " + SEED);
    Random random = new Random(SEED);
    int kills = 0;
    int fills = 0;
    try (ServerProcess server = ServerProcess.start(data, ServerProcess.SHORT_LIVED);
        RecordedHistory recordedHistory =
            RecordedHistory.to(Path.of("target", "crash-history.jsonl"));
        Swarm swarm =
            new Swarm(
                List.of(server.uri()), recordedHistory, SEED, DeviceHabits.steady(PACE_MILLIS))) {
      swarm.begin(CLIENTS);
      swarm.start();
      long until = System.nanoTime() + Duration.ofSeconds(SECONDS).toNanos();
      int wanted = disk == null ? 0 : FULL;
      while (kills < KILLS || fills < wanted || System.nanoTime() < until) {
        progress(swarm, 20 + random.nextInt(SPACING));
        if (disk != null && fills < wanted && random.nextInt(KILLS + wanted) < wanted) {
          recordedHistory.add(new HistoryEvent.Killed("full disk"));
          fullDisk(disk, server, swarm);
          fills++;
        } else {
          server.kill9();
          recordedHistory.add(new HistoryEvent.Killed("kill -9"));
          kills++;
          server.restart();
        }
      }
      progress(swarm, 20);
      swarm.finish();
      report(recordedHistory, swarm, kills, fills);
      Checker.assertNone(recordedHistory);
      assertThat(swarm.counts().refused().keySet())
          .as("what a correct client may be refused: a change of a deleted message")
          .isSubsetOf("forbidden", "unavailable");
    }
  }

  private static void progress(Swarm swarm, int acknowledgements) {
    long enough = swarm.counts().acknowledged() + acknowledgements;
    await("acknowledgements")
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(5))
        .until(() -> swarm.counts().acknowledged() >= enough);
  }

  /**
   * Fills the disk until writers are refused or the program ends because its store is broken. Then
   * frees the disk, and restarts a program that has ended, as a supervisor does.
   */
  private static void fullDisk(SmallDisk disk, ServerProcess server, Swarm swarm) {
    int refused = refusals(swarm);
    disk.fill();
    // The program itself ends after three failed writes of its own, which takes more than a minute.
    await("the full disk is noticed")
        .atMost(Duration.ofMinutes(4))
        .until(
            () -> {
              // The store merges its files, which may free some room.
              disk.fill();
              return !server.isAlive() || refusals(swarm) >= refused + 20;
            });
    disk.free();
    await("it goes on, or it has ended")
        .atMost(Duration.ofSeconds(90))
        .until(new Recovered(server, swarm, swarm.counts().acknowledged())::seen);
    if (!server.isAlive()) {
      server.restart();
    }
  }

  /** Whether the program has taken messages since, or has ended. */
  private record Recovered(ServerProcess server, Swarm swarm, long before) {
    boolean seen() {
      return !server.isAlive() || swarm.counts().acknowledged() > before + 20;
    }
  }

  private static int refusals(Swarm swarm) {
    return swarm.counts().refused().getOrDefault("unavailable", 0);
  }

  private static void report(RecordedHistory recordedHistory, Swarm swarm, int kills, int fills) {
    Map<String, Long> broken =
        Checker.check(recordedHistory).stream()
            .collect(Collectors.groupingBy(Violation::guarantee, Collectors.counting()));
    System.out.printf(
        "kill -9 under load: %d kills, %d times a full disk, %d clients, %s%n"
            + "lost %d, holes or changed %d, doubled %d, delivery %d, unread %d, cursors %d%n",
        kills,
        fills,
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
