package parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.persistence.DeleteMessagesSuccess;
import org.apache.pekko.persistence.JournalProtocol;
import org.apache.pekko.persistence.Persistence;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.persistence.query.javadsl.CurrentEventsByPersistenceIdQuery;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.testkit.javadsl.TestKit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the embedded journal does beside writing: order, deletion, what a row holds. */
@Timeout(60)
class EmbeddedStoreTest {
  @TempDir Path temporary;

  private DataFolder folder;
  private ActorSystem<Void> system;
  private final BlockingQueue<Long> acknowledged = new LinkedBlockingQueue<>();

  @BeforeEach
  void start() throws Exception {
    folder = DataFolder.open(temporary);
    EmbeddedStore.createTables(folder);
    EmbeddedStore.createTables(folder); // a second start finds them
    system = Writer.system(Behaviors.empty(), folder.path());
  }

  @AfterEach
  void stop() throws Exception {
    system.terminate();
    system.getWhenTerminated().toCompletableFuture().get(10, TimeUnit.SECONDS);
    EmbeddedStore.close(folder.path());
    folder.close();
  }

  @Test
  void deletingAllEventsKeepsTheNumberOfTheLast() throws Exception {
    write("entity", 5, "first");
    delete("entity", 5);

    assertThat(events("entity")).isEmpty();
    // The state is gone with its events, but the journal goes on counting: no number comes twice.
    write("entity", 1, "second");
    assertThat(events("entity")).containsExactly(6L);
  }

  @Test
  void deletingUpToANumberKeepsWhatIsAfterIt() throws Exception {
    write("entity", 10, "first");
    delete("entity", 7);
    assertThat(events("entity")).containsExactly(8L, 9L, 10L);
  }

  @Test
  void moreEventsThanAPageComeInOrder() throws Exception {
    write("entity", 350, "first");
    assertThat(events("entity")).hasSize(350).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void aRowNamesNoClass() throws Exception {
    write("entity", 1, "first");
    try (Connection connection = EmbeddedStore.connect(folder.path());
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT * FROM PUBLIC.\"event_journal\"")) {
      assertThat(rows.next()).isTrue();
      assertThat(rows.getString("event_ser_manifest")).isEmpty();
      assertThat(rows.getInt("event_ser_id")).isEqualTo(9999);
      assertThat(
              new String(rows.getBytes("event_payload"), java.nio.charset.StandardCharsets.UTF_8))
          .contains("filled")
          .doesNotContain("parley");
    }
  }

  @Test
  void aStoreThatIsGoneIsTold() throws Exception {
    // A folder that is a file: every write fails, as on a disk that is full.
    Path broken = temporary.resolve("lock");
    BlockingQueue<String> told = new LinkedBlockingQueue<>();
    StoreWatch watch = StoreWatch.start(broken, Duration.ofMillis(20), told::add);
    assertThat(told.poll(10, TimeUnit.SECONDS)).isNotNull();
    watch.close();
  }

  private void write(String id, int events, String actor) throws InterruptedException {
    var writer =
        system.systemActorOf(
            Writer.oneByOne(id, (name, number) -> acknowledged.add(number)),
            actor + "-" + id,
            Props.empty());
    for (int i = 0; i < events; i++) {
      writer.tell(new Writer.Write());
    }
    for (int i = 0; i < events; i++) {
      assertThat(acknowledged.poll(10, TimeUnit.SECONDS)).isNotNull();
    }
  }

  private void delete(String id, long upTo) {
    var classic = Adapter.toClassic(system);
    TestKit probe = new TestKit(classic);
    ActorRef journal =
        Persistence.get(classic).journalFor("jdbc-journal", classic.settings().config());
    journal.tell(new JournalProtocol.DeleteMessagesTo(id, upTo, probe.getRef()), probe.getRef());
    probe.expectMsgClass(DeleteMessagesSuccess.class);
  }

  private java.util.List<Long> events(String id) throws Exception {
    CurrentEventsByPersistenceIdQuery journal =
        PersistenceQuery.get(system)
            .getReadJournalFor(
                org.apache.pekko.persistence.jdbc.query.javadsl.JdbcReadJournal.class,
                EmbeddedStore.READ_JOURNAL);
    return journal
        .currentEventsByPersistenceId(id, 0, Long.MAX_VALUE)
        .map(event -> event.sequenceNr())
        .runWith(Sink.seq(), system)
        .toCompletableFuture()
        .get(10, TimeUnit.SECONDS);
  }
}
