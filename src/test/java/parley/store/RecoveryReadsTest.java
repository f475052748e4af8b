package parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.apache.pekko.Done;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.persistence.DeleteMessagesSuccess;
import org.apache.pekko.persistence.JournalProtocol;
import org.apache.pekko.persistence.Persistence;
import org.apache.pekko.persistence.query.EventEnvelope;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.persistence.query.javadsl.CurrentEventsByPersistenceIdQuery;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import parley.client.ClientIds;
import parley.client.DynamoLocal;
import parley.client.FaultProxy;
import parley.client.FaultProxy.Pass;

/** What an entity that wakes, and a page of history, ask of DynamoDB: each request is paid for. */
@Timeout(60)
class RecoveryReadsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final FaultProxy proxy = FaultProxy.before(DynamoLocal.endpoint());
  private static DynamoStore store;
  private static ActorTestKit kit;

  private final String id = "notebook-" + ClientIds.next();
  private final Queue<String> asked = new ConcurrentLinkedQueue<>();

  @BeforeAll
  static void start() throws Exception {
    store = DynamoStore.open(proxy.endpoint(), DynamoLocal.prefix(), true);
    kit =
        ActorTestKit.create(
            "reads",
            ConfigFactory.parseString("pekko.actor.provider = local")
                .withFallback(store.config())
                .withFallback(ConfigFactory.load())
                .resolve());
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
    store.close();
    proxy.close();
  }

  @AfterEach
  void heal() {
    proxy.heal();
  }

  /** Without a snapshot, with one, and with events in two hundreds after it. */
  @ParameterizedTest
  @ValueSource(ints = {5, 34, 115})
  void anEntityThatWakesReadsItsEventsOnceAndNoMarks(int events) {
    fill(events);
    assertThat(wake()).hasSize(events);
    // One hundred ends after the event 99.
    List<String> journal = events < 100 ? List.of("Query") : List.of("Query", "Query");
    assertThat(journalRequests()).isEqualTo(journal);
    assertThat(asked).filteredOn(call -> call.equals("Query snapshots")).hasSize(1);
  }

  @Test
  void whereNothingFollowsTheSnapshotTheMarksTell() {
    fill(30);
    assertThat(wake()).hasSize(30);
    assertThat(asked).contains("BatchGetItem");
  }

  @Test
  void aRangeOfEventsIsOneQueryForEachHundred() {
    fill(260);
    assertThat(range(11, 41)).as("within a hundred").isEqualTo(List.of("Query"));
    assertThat(range(70, 99)).as("to its end").isEqualTo(List.of("Query"));
    assertThat(range(90, 120)).as("over its end").isEqualTo(List.of("Query", "Query"));
  }

  private List<String> range(int from, int to) {
    asked.clear();
    record();
    CurrentEventsByPersistenceIdQuery journal =
        PersistenceQuery.get(kit.system())
            .getReadJournalFor(CurrentEventsByPersistenceIdQuery.class, store.readJournal());
    List<Object> some =
        journal
            .currentEventsByPersistenceId(id, from, to)
            .map(EventEnvelope::event)
            .runWith(Sink.seq(), kit.system())
            .toCompletableFuture()
            .join();
    assertThat(some)
        .isEqualTo(IntStream.rangeClosed(from, to).mapToObj(n -> (Object) ("n " + n)).toList());
    // An older snapshot may be removed meanwhile.
    return journalRequests();
  }

  /** The first removal of an entity takes event 1 in a request of its own, and then the others. */
  @Test
  void aRemovalRemovesEachEventOnceAndTheFirstFirst() {
    fill(20);
    Queue<Integer> removed = new ConcurrentLinkedQueue<>();
    proxy.rule(
        call -> {
          int rows = call.body().split("DeleteRequest", -1).length - 1;
          if (call.body().contains(id) && rows > 0) {
            if (removed.isEmpty()) {
              assertThat(call.body()).contains("\"num\":{\"N\":\"1\"}");
            }
            removed.add(rows);
          }
          return new Pass();
        });
    TestProbe<Object> probe = kit.createTestProbe();
    for (long to : new long[] {10, 15}) {
      Persistence.get(kit.system())
          .journalFor("", ConfigFactory.empty())
          .tell(
              new JournalProtocol.DeleteMessagesTo(id, to, Adapter.toClassic(probe.ref())),
              org.apache.pekko.actor.ActorRef.noSender());
      probe.expectMessage(PATIENCE, new DeleteMessagesSuccess(to));
    }
    assertThat(List.copyOf(removed)).isEqualTo(List.of(1, 9, 5));
    assertThat(wake()).hasSize(5);
  }

  private List<String> journalRequests() {
    return asked.stream().filter(call -> !call.endsWith("snapshots")).toList();
  }

  private void record() {
    proxy.rule(
        call -> {
          if (call.body().contains(id)) {
            asked.add(
                call.operation()
                    + (call.tables().stream().anyMatch(table -> table.endsWith("snapshots"))
                        ? " snapshots"
                        : ""));
          }
          return new Pass();
        });
  }

  private List<String> wake() {
    record();
    ActorRef<NotebookEntity.Command> notebook = kit.spawn(NotebookEntity.of(id));
    TestProbe<List<String>> probe = kit.createTestProbe();
    notebook.tell(new NotebookEntity.Read(probe.ref()));
    List<String> lines = probe.receiveMessage(PATIENCE);
    proxy.heal();
    kit.stop(notebook);
    return lines;
  }

  private void fill(int to) {
    ActorRef<NotebookEntity.Command> notebook = kit.spawn(NotebookEntity.of(id));
    TestProbe<Done> probe = kit.createTestProbe();
    for (int n = 1; n <= to; n++) {
      notebook.tell(new NotebookEntity.Add(List.of("n " + n), probe.ref()));
    }
    probe.receiveSeveralMessages(to, PATIENCE);
    kit.stop(notebook);
  }
}
