package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.calendar.Calendar;
import parley.client.ParleyClient;
import parley.client.ServerProcess;
import parley.model.ConversationId;
import parley.model.EntryIntent;
import parley.model.UserId;
import parley.snapshot.SnapshotSchedule;
import parley.store.EmbeddedStore;

/**
 * The flag for archiving through the whole server: an operator switches it off by HTTP, an old
 * conversation that has begun to move its entries waits, and goes on when it is switched on again.
 */
@Timeout(180)
class ArchiveSwitchIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String FLAG = "/admin/settings/flag.archive";
  private static final int ENTRIES = 20;

  /** A conversation without a turn asks again each second. */
  private static final double SEVERAL_TURNS_SECONDS = 4;

  @TempDir Path folder;

  @Test
  void entriesStayInTheJournalWhileItIsOff() throws Exception {
    Map<String, String> environment = new HashMap<>(ServerProcess.SHORT_LIVED);
    environment.put("PARLEY_ARCHIVE_SEGMENTS_PER_MINUTE", "6000");
    UserId ann;
    UserId bob;
    try (ServerProcess server = ServerProcess.start(folder, environment);
        ParleyClient client = new ParleyClient(server.uri());
        ParleyClient operator = new ParleyClient(server.management())) {
      ann = new UserId(client.register("ann").userId());
      bob = new UserId(client.register("bob").userId());
      operator.call("PUT", FLAG, null, Map.of("value", "off")).expect(204);
      server.terminate();
    }
    ConversationId id = ConversationId.direct(ann, bob);
    beginToArchive(id, ann, bob);
    try (ServerProcess server = ServerProcess.start(folder, environment);
        ParleyClient client = new ParleyClient(server.uri());
        ParleyClient operator = new ParleyClient(server.management())) {
      // To open it is to start it, and it goes on with what it has begun.
      client.direct(client.login("ann", ParleyClient.PASSWORD), bob.value());
      double since = meter(operator, "process_uptime_seconds");
      await()
          .atMost(PATIENCE)
          .until(() -> meter(operator, "process_uptime_seconds") >= since + SEVERAL_TURNS_SECONDS);
      assertThat(meter(operator, "parley_cold_segments_written_total")).isZero();
      operator.call("DELETE", FLAG, null, null).expect(204);
      await()
          .atMost(PATIENCE)
          .until(() -> meter(operator, "parley_cold_segments_written_total") == 1);
      await()
          .atMost(PATIENCE)
          .until(
              () -> operator.get("/admin/verify/" + id.value(), null).text(),
              said -> said.contains(ENTRIES + " of them in the cold tier, 0 problems"));
    }
  }

  private static double meter(ParleyClient operator, String name) {
    return operator
        .get("/metrics", null)
        .expect(200)
        .text()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no meter " + name));
  }

  /** Entries of forty days ago, and the plan of a segment with them; the cold tier hangs. */
  private void beginToArchive(ConversationId id, UserId ann, UserId bob) throws Exception {
    try (EmbeddedStore store = EmbeddedStore.open(folder)) {
      store.openJournal();
      try (ConversationHarness h =
          new ConversationHarness(
              id,
              store.config().withFallback(ConfigFactory.load()).resolve(),
              store.readJournal())) {
        h.settings(
            new ConversationSettings(
                Duration.ofMillis(1),
                Duration.ofMillis(20),
                Duration.ofSeconds(1),
                SnapshotSchedule.every(500),
                store.readJournal()));
        h.clock.set(System.currentTimeMillis() - 40 * Calendar.DAY);
        h.opening(ann, bob, "first");
        for (int i = 1; i < ENTRIES; i++) {
          h.tell(
              new Conversation.Post(
                  i % 2 == 0 ? ann : bob,
                  "m-" + i,
                  new EntryIntent.Text("entry " + i, null, List.of()),
                  null,
                  h.posts.getRef()));
          h.posts.receiveMessage(PATIENCE);
        }
        h.shard.expectMessageClass(ClusterSharding.Passivate.class, PATIENCE);
        MemoryTier nowhere = new MemoryTier();
        nowhere.fault = MemoryTier.Fault.HANG;
        h.archive(ColdTierHarness.store(nowhere, new ManualCalendar()));
        h.clock.set(System.currentTimeMillis());
        h.restart();
        h.tell(new Conversation.Archive(Calendar.day(h.clock.get())));
        await().atMost(PATIENCE).until(() -> nowhere.writes.get() == 1);
      }
    }
  }
}
