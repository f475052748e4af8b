package parley.bench.floor;

import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.persistence.AtomicWrite;
import org.apache.pekko.persistence.DeleteMessagesSuccess;
import org.apache.pekko.persistence.JournalProtocol;
import org.apache.pekko.persistence.Persistence;
import org.apache.pekko.persistence.PersistentEnvelope;
import org.apache.pekko.persistence.PersistentRepr;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.persistence.query.javadsl.CurrentEventsByPersistenceIdQuery;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.testkit.javadsl.TestKit;
import parley.store.EmbeddedStore;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Removes the oldest events of one entity in batches, as the archiver does, while another entity is
 * read. It uses only the messages of Pekko's journal API, so that it can measure any version of the
 * journal. A separate process, so that it can run on the server's core.
 */
public final class Remover {
  private static final int EVENTS_PER_REMOVAL = 500;
  private static final int READ_EVENTS = 100;
  private static final int REMOVALS = 9;

  /**
   * The minimum number of reads in each round. It keeps rounds comparable: all are equally warm,
   * however long a removal takes.
   */
  private static final int MIN_READS = 3_000;

  private final ActorRef journal;
  private final CurrentEventsByPersistenceIdQuery events;
  private final Materializer materializer;
  private final TestKit probe;
  private final byte[] payload = new byte[400];

  private Remover(ActorSystem system, EmbeddedStore store) {
    journal = Persistence.get(system).journalFor("parley-journal", system.settings().config());
    events =
        PersistenceQuery.get(system)
            .getReadJournalFor(CurrentEventsByPersistenceIdQuery.class, store.readJournal());
    materializer = Materializer.matFromSystem(system);
    probe = new TestKit(system);
    new Random(1).nextBytes(payload);
  }

  /**
   * Arguments: the folder; the numbers of events to remove before each round, separated by slashes.
   */
  public static void main(String[] args) throws Exception {
    EmbeddedStore store = EmbeddedStore.open(Path.of(args[0]));
    store.openJournal();
    ActorSystem system =
        ActorSystem.create(
            "remover",
            ConfigFactory.parseString(
                    "pekko.actor.provider = local\npekko.persistence.journal.plugin ="
                        + " parley-journal\npekko.loglevel = WARNING")
                .withFallback(store.config())
                .withFallback(ConfigFactory.load()));
    try {
      new Remover(system, store).measure(args[1].split("/", -1));
    } finally {
      system.terminate();
      system.getWhenTerminated().toCompletableFuture().join();
      store.close();
    }
  }

  private void measure(String[] sizes) throws Exception {
    write("read", 1, READ_EVENTS);
    long written = 0;
    long removed = 0;
    System.out.println("removals " + sizes.length);
    for (String size : sizes) {
      long before = Long.parseLong(size);
      long last = before + EVENTS_PER_REMOVAL * (REMOVALS + 1);
      write("busy", written + 1, last);
      written = last;
      while (removed < before) {
        removed += EVENTS_PER_REMOVAL;
        remove(removed);
      }
      List<Double> removals = new ArrayList<>();
      List<Double> reads = Collections.synchronizedList(new ArrayList<>());
      AtomicBoolean running = new AtomicBoolean(true);
      Thread reader = Thread.ofPlatform().start(() -> read(reads, running));
      for (int i = 0; i < REMOVALS; i++) {
        removed += EVENTS_PER_REMOVAL;
        long start = System.nanoTime();
        remove(removed);
        removals.add((System.nanoTime() - start) / 1e6);
        LockSupport.parkNanos(5_000_000);
      }
      while (reads.size() < MIN_READS) {
        LockSupport.parkNanos(5_000_000);
      }
      running.set(false);
      reader.join();
      Collections.sort(removals);
      Collections.sort(reads);
      System.out.printf(
          Locale.ROOT,
          "removal %d %.3f %.3f %.3f %.3f%n",
          before,
          removals.get(REMOVALS / 2),
          removals.getLast(),
          reads.get(reads.size() / 2),
          reads.getLast());
    }
  }

  /** Reads with four concurrent queries, one for each reading thread of the journal. */
  private void read(List<Double> millis, AtomicBoolean running) {
    while (running.get()) {
      long start = System.nanoTime();
      List<java.util.concurrent.CompletableFuture<?>> batch = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        batch.add(
            events
                .currentEventsByPersistenceId("read", 0, READ_EVENTS)
                .runWith(Sink.ignore(), materializer)
                .toCompletableFuture());
      }
      batch.forEach(java.util.concurrent.CompletableFuture::join);
      millis.add((System.nanoTime() - start) / 1e6);
    }
  }

  private void remove(long upTo) {
    journal.tell(
        new JournalProtocol.DeleteMessagesTo("busy", upTo, probe.getRef()), probe.getRef());
    probe.expectMsgClass(java.time.Duration.ofSeconds(30), DeleteMessagesSuccess.class);
  }

  private void write(String id, long first, long last) {
    for (long next = first; next <= last; next += READ_EVENTS) {
      List<PersistentEnvelope> batch = new ArrayList<>();
      long end = Math.min(last, next + READ_EVENTS - 1);
      for (long number = next; number <= end; number++) {
        PersistentRepr event =
            PersistentRepr.apply(payload, number, id, "", false, probe.getRef(), "writer");
        batch.add(AtomicWrite.apply(CollectionConverters.asScala(List.of(event)).toList()));
      }
      journal.tell(
          new JournalProtocol.WriteMessages(
              CollectionConverters.asScala(batch).toList(), probe.getRef(), 1),
          probe.getRef());
      probe.expectMsgClass(
          java.time.Duration.ofSeconds(30), JournalProtocol.WriteMessagesSuccessful$.class);
      for (long number = next; number <= end; number++) {
        probe.expectMsgClass(
            java.time.Duration.ofSeconds(30), JournalProtocol.WriteMessageSuccess.class);
      }
    }
  }
}
