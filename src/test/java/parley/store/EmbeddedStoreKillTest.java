package parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.persistence.query.javadsl.CurrentEventsByPersistenceIdQuery;
import org.apache.pekko.stream.javadsl.Sink;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills the writers with {@code kill -9} at random moments: every acknowledged event is in the
 * journal afterwards.
 */
@Timeout(180)
class EmbeddedStoreKillTest {
  private static final int KILLS = 3;
  private static final Pattern ACKNOWLEDGED = Pattern.compile("(w[0-9]+) ([0-9]+)");

  @TempDir Path folder;

  @Test
  void nothingAcknowledgedIsLost() throws Exception {
    long seed = Long.getLong("parley.seed", System.nanoTime());
    System.out.println("EmbeddedStoreKillTest: -Dparley.seed=" + seed);
    Random random = new Random(seed);
    Map<String, Long> acknowledged = new HashMap<>();
    for (int kill = 0; kill < KILLS; kill++) {
      runAndKill(1_000 + random.nextInt(4_000), acknowledged);
    }

    long total = acknowledged.values().stream().mapToLong(Long::longValue).sum();
    System.out.println("acknowledged " + total + " events, " + KILLS + " kills");
    assertThat(acknowledged).hasSize(KilledWriters.ENTITIES);
    Map<String, List<Long>> stored = replay(acknowledged.keySet());
    acknowledged.forEach(
        (id, highest) -> {
          List<Long> numbers = stored.getOrDefault(id, List.of());
          assertThat(numbers).as("events of %s, none missing, in order", id).isSorted();
          assertThat(numbers)
              .as("events of %s", id)
              .hasSizeGreaterThanOrEqualTo(highest.intValue());
          assertThat(numbers.getLast()).as("no hole in %s", id).isEqualTo(numbers.size());
        });
  }

  /**
   * Lets the writers run until they have reported this many events, then kills them in the middle
   * of their work.
   */
  private void runAndKill(int lines, Map<String, Long> acknowledged) throws Exception {
    Process process = start();
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (int seen = 0; seen < lines; ) {
        seen += note(out.readLine(), acknowledged);
      }
      // Through its handle: {@code Process.destroyForcibly} closes the pipe, and unread output
      // would be lost.
      process.toHandle().destroyForcibly();
      // Events still in the pipe were acknowledged as well.
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        note(line, acknowledged);
      }
    }
    assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
  }

  private Process start() throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(List.of("-Xmx256m", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(KilledWriters.class.getName(), folder.toString()));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  /** The number of events that the line acknowledges: one, or none for a line of the log. */
  private static int note(@Nullable String line, Map<String, Long> acknowledged) {
    if (line == null) {
      throw new AssertionError("the writers ended by themselves");
    }
    Matcher matcher = ACKNOWLEDGED.matcher(line);
    if (!matcher.matches()) {
      System.out.println("writers: " + line);
      return 0;
    }
    // The last line may have been cut by the kill; then its number is smaller, never larger.
    acknowledged.merge(matcher.group(1), Long.valueOf(matcher.group(2)), Math::max);
    return 1;
  }

  private Map<String, List<Long>> replay(Iterable<String> ids) throws Exception {
    EmbeddedStore store = EmbeddedStore.open(folder);
    store.openJournal();
    ActorSystem<Void> system = WriterEntity.system(Behaviors.empty(), store);
    try {
      CurrentEventsByPersistenceIdQuery journal =
          PersistenceQuery.get(system)
              .getReadJournalFor(CurrentEventsByPersistenceIdQuery.class, store.readJournal());
      Map<String, List<Long>> all = new HashMap<>();
      for (String id : ids) {
        all.put(
            id,
            journal
                .currentEventsByPersistenceId(id, 0, Long.MAX_VALUE)
                .map(event -> ((WriterEntity.Filled) event.event()).number())
                .runWith(Sink.seq(), system)
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS));
      }
      return all;
    } finally {
      system.terminate();
      system.getWhenTerminated().toCompletableFuture().get(10, TimeUnit.SECONDS);
      store.close();
    }
  }
}
