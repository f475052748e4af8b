package parley.conversation;

import com.typesafe.config.Config;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.persistence.query.EventEnvelope;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.persistence.query.ReadJournalProvider;
import org.apache.pekko.persistence.query.javadsl.CurrentEventsByPersistenceIdQuery;
import org.apache.pekko.persistence.query.javadsl.ReadJournal;
import org.apache.pekko.stream.javadsl.Source;

/**
 * The journal in memory. A test can hold back some of its reads, and it counts the entries that are
 * read.
 */
public final class PausableJournal implements ReadJournalProvider {
  /** The plugin's id in {@link ConversationHarness#IN_MEMORY}. */
  static final String PLUGIN = "parley.test.held-journal";

  private static final Map<ActorSystem, Hold> HOLDS = new ConcurrentHashMap<>();

  private static final Map<ActorSystem, AtomicLong> READ =
      java.util.Collections.synchronizedMap(new java.util.WeakHashMap<>());

  private static final Set<ActorSystem> FAILING = ConcurrentHashMap.newKeySet();

  private final ActorSystem system;

  /** The next read fails. */
  static void failNext(ActorSystem system) {
    FAILING.add(system);
  }

  /** How many entries were read since the last call. */
  static long takeRead(ActorSystem system) {
    return readBy(system).getAndSet(0);
  }

  private static AtomicLong readBy(ActorSystem system) {
    return READ.computeIfAbsent(system, key -> new AtomicLong());
  }

  /** Pekko creates this class. */
  public PausableJournal(ExtendedActorSystem system, Config config, String path) {
    this.system = system;
  }

  /** Holds back this many reads until it is closed. */
  static final class Hold implements AutoCloseable {
    private final ActorSystem system;
    private final AtomicInteger left;
    private final CompletableFuture<Done> let = new CompletableFuture<>();

    Hold(ActorSystem system, int reads) {
      this.system = system;
      this.left = new AtomicInteger(reads);
      HOLDS.put(system, this);
    }

    /** How many more reads it would hold back. */
    int left() {
      return Math.max(0, left.get());
    }

    @Override
    public void close() {
      HOLDS.remove(system);
      let.complete(Done.getInstance());
    }
  }

  private final class Reader implements CurrentEventsByPersistenceIdQuery {
    @Override
    public Source<EventEnvelope, NotUsed> currentEventsByPersistenceId(
        String id, long from, long to) {
      if (FAILING.remove(system)) {
        return Source.failed(new IOException("the journal does not answer"));
      }
      Hold hold = HOLDS.get(system);
      if (hold == null || hold.left.getAndDecrement() <= 0) {
        return read(id, from, to);
      }
      // The journal in memory reads when the source is created, not when the stream runs.
      return Source.completionStage(hold.let).flatMapConcat(done -> read(id, from, to));
    }

    private Source<EventEnvelope, NotUsed> read(String id, long from, long to) {
      return PersistenceQuery.get(system)
          .getReadJournalFor(
              CurrentEventsByPersistenceIdQuery.class, "pekko.persistence.testkit.query")
          .currentEventsByPersistenceId(id, from, to)
          .map(
              event -> {
                readBy(system).addAndGet(LogReader.entriesOf(event.event()).size());
                return event;
              });
    }
  }

  @Override
  public org.apache.pekko.persistence.query.scaladsl.ReadJournal scaladslReadJournal() {
    return new org.apache.pekko.persistence.query.scaladsl.ReadJournal() {};
  }

  @Override
  public ReadJournal javadslReadJournal() {
    return new Reader();
  }
}
