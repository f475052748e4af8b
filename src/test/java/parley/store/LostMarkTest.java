package parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.amazonaws.ClientConfiguration;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDB;
import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.amazonaws.services.dynamodbv2.model.ConditionalCheckFailedException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
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
import parley.client.DynamoLocal;
import parley.client.FaultProxy.Pass;
import parley.client.FaultProxy.Refuse;

/**
 * Each hundredth event has a mark, from which the search for the highest number starts. A missing
 * mark must not make a used number look free, whatever was removed since.
 */
@Timeout(120)
class LostMarkTest {
  private static NotebookHarness notebooks;
  private static AmazonDynamoDB table;

  private final String id = "notebook-" + ClientIds.next();

  @BeforeAll
  static void start() throws Exception {
    notebooks = new NotebookHarness("marks");
    table = DynamoStore.client(DynamoLocal.endpoint().toString(), new ClientConfiguration());
  }

  @AfterAll
  static void stop() {
    notebooks.close();
    table.shutdown();
  }

  @AfterEach
  void heal() {
    notebooks.proxy.heal();
  }

  /** The request that writes the mark fails for good, as after a kill or a long outage. */
  @ParameterizedTest
  @CsvSource({"99,1", "98,3"})
  void anEventWithoutItsMarkIsNoneAndNumbersGoOnAfterRemoval(int before, int batch)
      throws Exception {
    ActorRef<NotebookEntity.Command> writer = notebooks.start(id);
    notebooks.fill(writer, 1, before);
    notebooks.proxy.rule(
        call ->
            call.operation().contains("Write") && call.body().contains("journal-SH-" + id)
                ? new Refuse(500, "InternalServerError")
                : new Pass());
    assertThat(notebooks.add(writer, IntStream.range(0, batch).mapToObj(n -> "lost " + n).toList()))
        .isFalse();
    notebooks.proxy.heal();

    ActorRef<NotebookEntity.Command> next = notebooks.start(id);
    int found = notebooks.read(next).size();
    int last = found + 50;
    notebooks.fill(next, found + 1, last);
    notebooks.kit.stop(next);
    notebooks.remove(id, 140);
    ActorRef<NotebookEntity.Command> after = notebooks.start(id);
    assertThat(notebooks.add(after, List.of("goes on")))
        .as("a line after the removal is stored")
        .isTrue();
    notebooks.kit.stop(after);
    assertThat(numbers()).isEqualTo(IntStream.rangeClosed(141, last + 1).boxed().toList());
    // Neither is written without the other.
    assertThat(found).isEqualTo(before);
    assertThat(mark()).isEqualTo(100);
  }

  /** An earlier version lost the mark; an entity that has slept since meets it. */
  @Test
  void aMarkLostLongAgoDoesNotStopWhatIsNewer() throws Exception {
    damage();
    ActorRef<NotebookEntity.Command> writer = notebooks.start(id);
    assertThat(notebooks.add(writer, List.of("goes on")))
        .as("a line after the removal is stored")
        .isTrue();
    notebooks.kit.stop(writer);
    assertThat(numbers()).isEqualTo(IntStream.rangeClosed(141, 251).boxed().toList());
  }

  @Test
  void missingMarksAreFoundAndRepaired() {
    damage();
    assertThat(marks(false))
        .hasValue("marks are missing: events go to 250, the high mark says 0 and should say 200");
    assertThat(marks(true)).isPresent();
    assertThat(mark()).isEqualTo(200);
    assertThat(marks(false)).isEmpty();
    assertThat(marks(true)).isEmpty();
    // If no event is left, the search has nothing to start from.
    notebooks.remove(id, 250);
    assertThat(marks(false)).isEmpty();
  }

  /** A mark that the network delayed arrives after a newer one. */
  @Test
  void noMarkIsEverLowered() {
    damage();
    assertThat(marks(true)).isPresent();
    Map<String, AttributeValue> late = new HashMap<>(key(0));
    late.put("seq", new AttributeValue().withN("100"));
    assertThatThrownBy(() -> table.putItem(notebooks.prefix + "journal", late))
        .isInstanceOf(ConditionalCheckFailedException.class);
    assertThat(mark()).isEqualTo(200);
  }

  private Optional<String> marks(boolean mend) {
    return notebooks.store.checkMarks(id, mend).toCompletableFuture().join();
  }

  /** Numbers 1 to 250 were written and 1 to 140 removed; the marks of 100 and 200 are gone. */
  private void damage() {
    ActorRef<NotebookEntity.Command> writer = notebooks.start(id);
    notebooks.fill(writer, 1, 250);
    notebooks.kit.stop(writer);
    for (int shard = 0; shard < 10; shard++) {
      table.deleteItem(notebooks.prefix + "journal", key(shard));
    }
    notebooks.remove(id, 140);
  }

  private Map<String, AttributeValue> key(int shard) {
    return Map.of(
        "par",
        new AttributeValue("journal-SH-" + id + "-" + shard),
        "num",
        new AttributeValue().withN("0"));
  }

  /** The highest mark, 0 where there is none. */
  private long mark() {
    return IntStream.range(0, 10)
        .mapToObj(shard -> table.getItem(notebooks.prefix + "journal", key(shard), true).getItem())
        .mapToLong(
            item ->
                item == null ? 0 : Long.parseLong(Objects.requireNonNull(item.get("seq")).getN()))
        .max()
        .orElse(0);
  }

  private List<Integer> numbers() {
    return notebooks
        .events(id, 1, Integer.MAX_VALUE)
        .map(EventEnvelope::sequenceNr)
        .map(Math::toIntExact)
        .runWith(Sink.seq(), notebooks.kit.system())
        .toCompletableFuture()
        .join();
  }
}
