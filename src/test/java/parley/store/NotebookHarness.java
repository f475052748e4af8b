package parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
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
import org.apache.pekko.stream.javadsl.Source;
import parley.client.DynamoLocal;
import parley.client.FaultProxy;

/**
 * An actor system with {@link NotebookEntity} on tables of its own, behind a proxy that records
 * each request.
 */
final class NotebookHarness implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(20);

  final String prefix = DynamoLocal.prefix();
  final FaultProxy proxy = FaultProxy.before(DynamoLocal.endpoint());
  final DynamoStore store;
  final ActorTestKit kit;

  NotebookHarness(String name) throws StoreRefusedException {
    store = DynamoStore.open(proxy.endpoint(), prefix, true);
    kit =
        ActorTestKit.create(
            name,
            ConfigFactory.parseString("pekko.actor.provider = local")
                .withFallback(store.config())
                .withFallback(ConfigFactory.load())
                .resolve());
  }

  /** Starts a notebook. */
  ActorRef<NotebookEntity.Command> start(String id) {
    return kit.spawn(NotebookEntity.of(id));
  }

  /** All its lines. */
  List<String> read(ActorRef<NotebookEntity.Command> notebook) {
    TestProbe<List<String>> probe = kit.createTestProbe();
    notebook.tell(new NotebookEntity.Read(probe.ref()));
    return probe.receiveMessage(PATIENCE);
  }

  /** The lines {@code n from} to {@code n to}, one event each. */
  void fill(ActorRef<NotebookEntity.Command> notebook, int from, int to) {
    TestProbe<Done> probe = kit.createTestProbe();
    for (int n = from; n <= to; n++) {
      notebook.tell(new NotebookEntity.Add(List.of("n " + n), probe.ref()));
    }
    probe.receiveSeveralMessages(to - from + 1, PATIENCE);
  }

  /** Whether the lines were acknowledged; otherwise the writer has stopped. */
  boolean add(ActorRef<NotebookEntity.Command> notebook, List<String> lines) {
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

  /** The events of a notebook, as the read journal gives them. */
  Source<EventEnvelope, NotUsed> events(String id, long from, long to) {
    return PersistenceQuery.get(kit.system())
        .getReadJournalFor(CurrentEventsByPersistenceIdQuery.class, store.readJournal())
        .currentEventsByPersistenceId(id, from, to);
  }

  /** Removes the events up to that number. */
  void remove(String id, long to) {
    Object answer =
        Patterns.askWithReplyTo(
                Persistence.get(kit.system()).journalFor("", ConfigFactory.empty()),
                replyTo -> new JournalProtocol.DeleteMessagesTo(id, to, replyTo),
                PATIENCE)
            .toCompletableFuture()
            .join();
    assertThat(answer).isEqualTo(new DeleteMessagesSuccess(to));
  }

  @Override
  public void close() {
    kit.shutdownTestKit();
    store.close();
    proxy.close();
  }
}
