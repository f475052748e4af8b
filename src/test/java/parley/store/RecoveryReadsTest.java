package parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.persistence.query.EventEnvelope;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import parley.client.ClientIds;
import parley.client.FaultProxy.Pass;

/**
 * The requests to DynamoDB of an entity that starts and of a page of history. Each request is paid
 * for.
 */
@Timeout(60)
class RecoveryReadsTest {
  private static NotebookHarness notebooks;

  private final String id = "notebook-" + ClientIds.next();
  private final Queue<String> asked = new ConcurrentLinkedQueue<>();

  @BeforeAll
  static void start() throws Exception {
    notebooks = new NotebookHarness("reads");
  }

  @AfterAll
  static void stop() {
    notebooks.close();
  }

  @AfterEach
  void heal() {
    notebooks.proxy.heal();
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

  /** How a conversation checks whether another node has written. */
  @Test
  void theCheckForANextEventIsOneQuery() {
    fill(30);
    asked.clear();
    record();
    assertThat(
            notebooks
                .events(id, 31, 31)
                .runWith(Sink.seq(), notebooks.kit.system())
                .toCompletableFuture()
                .join())
        .isEmpty();
    assertThat(journalRequests()).isEqualTo(List.of("Query"));
    assertThat(range(30, 30)).isEqualTo(List.of("Query"));
  }

  private List<String> range(int from, int to) {
    asked.clear();
    record();
    List<Object> some =
        notebooks
            .events(id, from, to)
            .map(EventEnvelope::event)
            .runWith(Sink.seq(), notebooks.kit.system())
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
    notebooks.proxy.rule(
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
    notebooks.remove(id, 10);
    notebooks.remove(id, 15);
    assertThat(List.copyOf(removed)).isEqualTo(List.of(1, 9, 5));
    assertThat(wake()).hasSize(5);
  }

  private List<String> journalRequests() {
    return asked.stream().filter(call -> !call.endsWith("snapshots")).toList();
  }

  private void record() {
    notebooks.proxy.rule(
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
    ActorRef<NotebookEntity.Command> notebook = notebooks.start(id);
    List<String> lines = notebooks.read(notebook);
    notebooks.proxy.heal();
    notebooks.kit.stop(notebook);
    return lines;
  }

  private void fill(int to) {
    ActorRef<NotebookEntity.Command> notebook = notebooks.start(id);
    notebooks.fill(notebook, 1, to);
    notebooks.kit.stop(notebook);
  }
}
