package parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
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
import org.junit.jupiter.params.provider.CsvSource;
import parley.client.ClientIds;
import parley.client.FaultProxy.Cancel;
import parley.client.FaultProxy.Pass;
import parley.client.FaultProxy.Replace;
import parley.client.JsonTrees;

/** Two writers of one entity are alive, and each believes that it is the only one. */
@Timeout(120)
class WriteGuardTest {
  private static NotebookHarness notebooks;

  private final String id = "notebook-" + ClientIds.next();

  @BeforeAll
  static void start() throws Exception {
    notebooks = new NotebookHarness("guard");
    notebooks.store.sharedValueOrCreate("a", () -> "b");
  }

  @AfterAll
  static void stop() {
    notebooks.close();
  }

  @AfterEach
  void guarded() {
    System.clearProperty(WriteGuard.PROPERTY);
    notebooks.proxy.heal();
  }

  /**
   * Both writers exist after this many events. Then one writes, and the other writes the same
   * number: by a put, by the batch of the hundredth event, and by a batch of several events across
   * the border.
   */
  @ParameterizedTest
  @CsvSource({"3,1", "99,1", "3,2", "98,3", "99,2"})
  void theSecondWriterIsRefused(int before, int batch) {
    long refusals = counted("parley.store.guard.refusals");
    Outcome outcome = twoWriters(before, batch);
    assertThat(counted("parley.store.guard.refusals")).isEqualTo(refusals + 1);
    assertThat(outcome.secondAcknowledged()).isFalse();
    assertThat(outcome.log()).isEqualTo(lines(before, "one", batch));
  }

  /** The same without the guard: acknowledged lines of the first writer are lost. */
  @ParameterizedTest
  @CsvSource({"3,1", "99,1", "3,2"})
  void withoutTheGuardWhatWasAcknowledgedIsLost(int before, int batch) {
    System.setProperty(WriteGuard.PROPERTY, "off");
    Outcome outcome = twoWriters(before, batch);
    assertThat(outcome.secondAcknowledged()).isTrue();
    assertThat(outcome.log()).doesNotContain("one 1").contains("two 1");
  }

  /**
   * A transaction that was cancelled for a temporary reason is repeated, and is no sign of another
   * writer. It holds several events, the hundredth with its mark, or both.
   */
  @ParameterizedTest
  @CsvSource({
    "3,2,None,ThrottlingError",
    "3,2,ProvisionedThroughputExceeded,None",
    "3,2,None,TransactionConflict",
    "99,1,None,ThrottlingError",
    "99,2,TransactionConflict,None"
  })
  void temporarilyCancelledWritesAreRepeated(int before, int batch, String first, String second) {
    ActorRef<NotebookEntity.Command> writer = notebooks.start(id);
    notebooks.fill(writer, 1, before);
    AtomicInteger left = new AtomicInteger(3);
    notebooks.proxy.rule(
        call ->
            call.operation().equals("TransactWriteItems")
                    && call.body().contains(id)
                    && left.getAndDecrement() > 0
                ? new Cancel(List.of(first, second))
                : new Pass());
    long refusals = counted("parley.store.guard.refusals");
    assertThat(notebooks.add(writer, lines(0, "one", batch))).as("acknowledged").isTrue();
    assertThat(left.get()).isLessThan(0);
    assertThat(counted("parley.store.guard.refusals")).isEqualTo(refusals);
    notebooks.kit.stop(writer);
    assertThat(log()).isEqualTo(lines(before, "one", batch));
  }

  /**
   * A failed condition means another writer, whatever other reasons are given, and the request is
   * not repeated.
   */
  @Test
  void writesThatFailTheirConditionAreRefusedOnce() {
    ActorRef<NotebookEntity.Command> writer = notebooks.start(id);
    notebooks.fill(writer, 1, 3);
    AtomicInteger tries = new AtomicInteger();
    notebooks.proxy.rule(
        call -> {
          if (!call.operation().equals("TransactWriteItems") || !call.body().contains(id)) {
            return new Pass();
          }
          tries.incrementAndGet();
          return new Cancel(List.of("ThrottlingError", "ConditionalCheckFailed"));
        });
    long refusals = counted("parley.store.guard.refusals");
    assertThat(notebooks.add(writer, List.of("one 1", "one 2"))).isFalse();
    assertThat(tries.get()).isEqualTo(1);
    assertThat(counted("parley.store.guard.refusals")).isEqualTo(refusals + 1);
  }

  /** Without the guard the plugin reports "persisted" although DynamoDB has refused the request. */
  @Test
  void withoutTheGuardTheHundredthEventIsAcknowledgedAndLost() {
    System.setProperty(WriteGuard.PROPERTY, "off");
    ActorRef<NotebookEntity.Command> writer = notebooks.start(id);
    notebooks.fill(writer, 1, 99);
    notebooks.proxy.rule(
        call ->
            call.operation().equals("BatchWriteItem") && call.body().contains(id)
                ? new Replace(
                    JsonTrees.obj(
                            "UnprocessedItems", JsonTrees.parse(call.body()).path("RequestItems"))
                        .toString())
                : new Pass());
    assertThat(notebooks.add(writer, List.of("one 1"))).isTrue();
    notebooks.proxy.heal();
    notebooks.kit.stop(writer);
    assertThat(log()).isEqualTo(lines(99, "one", 0));
  }

  /** What an entity reads at its start, and what history reads, even a single event. */
  @Test
  void writtenEventsAreReplayed() {
    ActorRef<NotebookEntity.Command> writer = notebooks.start(id);
    notebooks.fill(writer, 1, 205);
    List<Object> some =
        notebooks
            .events(id, 99, 201)
            .map(EventEnvelope::event)
            .runWith(Sink.seq(), notebooks.kit.system())
            .toCompletableFuture()
            .join();
    assertThat(some)
        .isEqualTo(IntStream.rangeClosed(99, 201).mapToObj(n -> (Object) ("n " + n)).toList());
    notebooks.kit.stop(writer);
    assertThat(log()).hasSize(205);
  }

  private static long counted(String name) {
    return notebooks.store.counters().getOrDefault(name, () -> -1).get().longValue();
  }

  private record Outcome(boolean secondAcknowledged, List<String> log) {}

  private Outcome twoWriters(int before, int batch) {
    ActorRef<NotebookEntity.Command> one = notebooks.start(id);
    notebooks.fill(one, 1, before);
    ActorRef<NotebookEntity.Command> two = notebooks.start(id);
    assertThat(notebooks.read(two)).hasSize(before);
    assertThat(notebooks.add(one, lines(0, "one", batch))).isTrue();
    boolean second = notebooks.add(two, lines(0, "two", batch));
    notebooks.kit.stop(one);
    notebooks.kit.stop(two);
    return new Outcome(second, log());
  }

  private List<String> log() {
    ActorRef<NotebookEntity.Command> reader = notebooks.start(id);
    List<String> lines = notebooks.read(reader);
    notebooks.kit.stop(reader);
    return lines;
  }

  private static List<String> lines(int before, String writer, int count) {
    List<String> lines = new ArrayList<>();
    IntStream.rangeClosed(1, before).forEach(n -> lines.add("n " + n));
    IntStream.rangeClosed(1, count).forEach(n -> lines.add(writer + " " + n));
    return lines;
  }
}
