package parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
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

/** The order of events, deletion, and the format of rows in the embedded journal. */
@Timeout(60)
class EmbeddedStoreTest {
  @TempDir Path temporary;

  private EmbeddedStore store;
  private ActorSystem<Void> system;
  private final BlockingQueue<Long> acknowledged = new LinkedBlockingQueue<>();

  @BeforeEach
  void start() throws Exception {
    store = EmbeddedStore.open(temporary);
    store.openJournal();
    system = WriterEntity.system(Behaviors.empty(), store);
  }

  @AfterEach
  void stop() throws Exception {
    system.terminate();
    system.getWhenTerminated().toCompletableFuture().get(10, TimeUnit.SECONDS);
    store.close();
  }

  @Test
  void deletingAllEventsKeepsTheNumberOfTheLast() throws Exception {
    write("entity", 5, "first");
    delete("entity", 5);

    assertThat(events("entity")).isEmpty();
    // The state is gone with its events, but the journal continues the numbers, so none is used
    // twice.
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
  void aFailedStoreIsReported() throws Exception {
    BlockingQueue<String> told = new LinkedBlockingQueue<>();
    Runnable write =
        () -> {
          throw new IllegalStateException("no space left");
        };
    StoreWatch watch = StoreWatch.start(write, Duration.ofMillis(20), told::add);
    assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo("no space left");
    watch.close();
  }

  private void write(String id, int events, String actor) throws InterruptedException {
    var writer =
        system.systemActorOf(
            WriterEntity.oneByOne(id, (name, number) -> acknowledged.add(number)),
            actor + "-" + id,
            Props.empty());
    for (int i = 0; i < events; i++) {
      writer.tell(new WriterEntity.Write());
    }
    for (int i = 0; i < events; i++) {
      assertThat(acknowledged.poll(10, TimeUnit.SECONDS)).isNotNull();
    }
  }

  private void delete(String id, long upTo) {
    var classic = Adapter.toClassic(system);
    TestKit probe = new TestKit(classic);
    ActorRef journal =
        Persistence.get(classic).journalFor("parley-journal", classic.settings().config());
    journal.tell(new JournalProtocol.DeleteMessagesTo(id, upTo, probe.getRef()), probe.getRef());
    probe.expectMsgClass(DeleteMessagesSuccess.class);
  }

  private java.util.List<Long> events(String id) throws Exception {
    CurrentEventsByPersistenceIdQuery journal =
        PersistenceQuery.get(system)
            .getReadJournalFor(CurrentEventsByPersistenceIdQuery.class, store.readJournal());
    return journal
        .currentEventsByPersistenceId(id, 0, Long.MAX_VALUE)
        .map(event -> event.sequenceNr())
        .runWith(Sink.seq(), system)
        .toCompletableFuture()
        .get(10, TimeUnit.SECONDS);
  }
}
