package parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.amazonaws.ClientConfiguration;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDB;
import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.amazonaws.services.dynamodbv2.model.ConditionalCheckFailedException;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.apache.pekko.Done;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.pattern.Patterns;
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
import org.junit.jupiter.params.provider.CsvSource;
import parley.client.ClientIds;
import parley.client.DynamoLocal;
import parley.client.FaultProxy;
import parley.client.FaultProxy.Pass;
import parley.client.FaultProxy.Refuse;

/**
 * Each hundredth event comes with a mark, from which the highest number is looked for. A mark that
 * is missing must not make a number look free that is taken, whatever was removed since.
 */
@Timeout(120)
class LostMarkTest {
  private static final String PREFIX = DynamoLocal.prefix();
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final FaultProxy proxy = FaultProxy.before(DynamoLocal.endpoint());
  private static DynamoStore store;
  private static ActorTestKit kit;
  private static AmazonDynamoDB table;

  private final String id = "notebook-" + ClientIds.next();

  @BeforeAll
  static void start() throws Exception {
    store = DynamoStore.open(proxy.endpoint(), PREFIX, true);
    table = DynamoStore.client(DynamoLocal.endpoint().toString(), new ClientConfiguration());
    kit =
        ActorTestKit.create(
            "marks",
            ConfigFactory.parseString("pekko.actor.provider = local")
                .withFallback(store.config())
                .withFallback(ConfigFactory.load())
                .resolve());
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
    store.close();
    table.shutdown();
    proxy.close();
  }

  @AfterEach
  void heal() {
    proxy.heal();
  }

  /** The request that writes the mark fails for good: as after a kill, or a long outage. */
  @ParameterizedTest
  @CsvSource({"99,1", "98,3"})
  void anEventWithoutItsMarkIsNoneAndNumbersGoOnAfterRemoval(int before, int batch)
      throws Exception {
    ActorRef<NotebookEntity.Command> writer = kit.spawn(NotebookEntity.of(id));
    fill(writer, 1, before);
    proxy.rule(
        call ->
            call.operation().contains("Write") && call.body().contains("journal-SH-" + id)
                ? new Refuse(500, "InternalServerError")
                : new Pass());
    assertThat(add(writer, IntStream.range(0, batch).mapToObj(n -> "lost " + n).toList()))
        .isFalse();
    proxy.heal();

    ActorRef<NotebookEntity.Command> next = kit.spawn(NotebookEntity.of(id));
    int found = read(next).size();
    int last = found + 50;
    fill(next, found + 1, last);
    kit.stop(next);
    remove(140);
    ActorRef<NotebookEntity.Command> after = kit.spawn(NotebookEntity.of(id));
    assertThat(add(after, List.of("goes on"))).as("a line after the removal is stored").isTrue();
    kit.stop(after);
    assertThat(numbers()).isEqualTo(IntStream.rangeClosed(141, last + 1).boxed().toList());
    // Not one without the other.
    assertThat(found).isEqualTo(before);
    assertThat(mark()).isEqualTo(100);
  }

  /** What an earlier version has left behind, seen by whoever has slept since. */
  @Test
  void aMarkLostLongAgoDoesNotStopWhatIsNewer() throws Exception {
    damage();
    ActorRef<NotebookEntity.Command> writer = kit.spawn(NotebookEntity.of(id));
    assertThat(add(writer, List.of("goes on"))).as("a line after the removal is stored").isTrue();
    kit.stop(writer);
    assertThat(numbers()).isEqualTo(IntStream.rangeClosed(141, 251).boxed().toList());
  }

  @Test
  void whatIsMissingIsFoundAndMended() {
    damage();
    assertThat(marks(false))
        .hasValue("marks are missing: events go to 250, the high mark says 0 and should say 200");
    assertThat(marks(true)).isPresent();
    assertThat(mark()).isEqualTo(200);
    assertThat(marks(false)).isEmpty();
    assertThat(marks(true)).isEmpty();
    // Where nothing is left there is nothing to begin at.
    remove(250);
    assertThat(marks(false)).isEmpty();
  }

  /** One that was delayed by the network comes after a newer one. */
  @Test
  void noMarkIsEverLowered() {
    damage();
    assertThat(marks(true)).isPresent();
    Map<String, AttributeValue> late = new HashMap<>(key(0));
    late.put("seq", new AttributeValue().withN("100"));
    assertThatThrownBy(() -> table.putItem(PREFIX + "journal", late))
        .isInstanceOf(ConditionalCheckFailedException.class);
    assertThat(mark()).isEqualTo(200);
  }

  private Optional<String> marks(boolean mend) {
    return store.checkMarks(id, mend).toCompletableFuture().join();
  }

  /** Numbers 1 to 250 were written and 1 to 140 removed; the marks of 100 and 200 are gone. */
  private void damage() {
    ActorRef<NotebookEntity.Command> writer = kit.spawn(NotebookEntity.of(id));
    fill(writer, 1, 250);
    kit.stop(writer);
    for (int shard = 0; shard < 10; shard++) {
      table.deleteItem(PREFIX + "journal", key(shard));
    }
    remove(140);
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
        .mapToObj(shard -> table.getItem(PREFIX + "journal", key(shard), true).getItem())
        .mapToLong(
            item ->
                item == null ? 0 : Long.parseLong(Objects.requireNonNull(item.get("seq")).getN()))
        .max()
        .orElse(0);
  }

  private List<Integer> numbers() {
    CurrentEventsByPersistenceIdQuery journal =
        PersistenceQuery.get(kit.system())
            .getReadJournalFor(CurrentEventsByPersistenceIdQuery.class, store.readJournal());
    return journal
        .currentEventsByPersistenceId(id, 1, Integer.MAX_VALUE)
        .map(EventEnvelope::sequenceNr)
        .map(Math::toIntExact)
        .runWith(Sink.seq(), kit.system())
        .toCompletableFuture()
        .join();
  }

  private void remove(long to) {
    Object answer =
        Patterns.askWithReplyTo(
                Persistence.get(kit.system()).journalFor("", ConfigFactory.empty()),
                replyTo -> new JournalProtocol.DeleteMessagesTo(id, to, replyTo),
                PATIENCE)
            .toCompletableFuture()
            .join();
    assertThat(answer).isEqualTo(new DeleteMessagesSuccess(to));
  }

  private static List<String> read(ActorRef<NotebookEntity.Command> notebook) {
    TestProbe<List<String>> probe = kit.createTestProbe();
    notebook.tell(new NotebookEntity.Read(probe.ref()));
    return probe.receiveMessage(PATIENCE);
  }

  private static void fill(ActorRef<NotebookEntity.Command> notebook, int from, int to) {
    TestProbe<Done> probe = kit.createTestProbe();
    for (int n = from; n <= to; n++) {
      notebook.tell(new NotebookEntity.Add(List.of("n " + n), probe.ref()));
    }
    probe.receiveSeveralMessages(to - from + 1, PATIENCE);
  }

  /** Whether it was acknowledged; otherwise the writer has stopped. */
  private static boolean add(ActorRef<NotebookEntity.Command> notebook, List<String> lines) {
    AtomicBoolean stopped = new AtomicBoolean();
    AtomicBoolean done = new AtomicBoolean();
    ActorRef<Object> watcher =
        kit.spawn(
            Behaviors.setup(
                context -> {
                  context.watchWith(notebook, "stopped");
                  return Behaviors.receiveMessage(
                      message -> {
                        (message instanceof Done ? done : stopped).set(true);
                        return Behaviors.same();
                      });
                }));
    notebook.tell(new NotebookEntity.Add(lines, watcher.narrow()));
    await().atMost(PATIENCE).until(() -> stopped.get() || done.get());
    return done.get();
  }
}
