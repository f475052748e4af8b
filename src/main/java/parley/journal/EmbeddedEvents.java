package parley.journal;

import com.typesafe.config.Config;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.persistence.query.EventEnvelope;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.ReadJournalProvider;
import org.apache.pekko.persistence.query.javadsl.CurrentEventsByPersistenceIdQuery;
import org.apache.pekko.stream.javadsl.Source;

/**
 * The read journal of the embedded store, {@code parley-embedded-events}: the current events of an
 * entity, read in pages of {@value #PAGE}. Nothing is open between two pages, so a cancelled stream
 * leaves nothing open.
 */
public final class EmbeddedEvents implements CurrentEventsByPersistenceIdQuery {
  /** The plugin's id. */
  public static final String PLUGIN = "parley-embedded-events";

  /** Rows of one page. */
  static final int PAGE = 100;

  private final ExtendedActorSystem system;
  private final JournalFile file;
  private final Executor readExecutor;

  private EmbeddedEvents(ExtendedActorSystem system, Config config) {
    this.system = system;
    this.file = JournalFile.requireOpen(config.getString("folder"));
    this.readExecutor = system.dispatchers().lookup(config.getString("read-dispatcher"));
  }

  @Override
  public Source<EventEnvelope, NotUsed> currentEventsByPersistenceId(
      String id, long from, long to) {
    return Source.unfoldAsync(
            Math.max(from, 0L),
            next ->
                next < 0 || next > to
                    ? CompletableFuture.completedFuture(Optional.empty())
                    : CompletableFuture.supplyAsync(() -> page(id, next, to), readExecutor))
        .mapConcat(page -> page);
  }

  /**
   * A page of events, with the sequence number where the next page begins, or -1 after the last
   * page. Empty if no events are left.
   */
  private Optional<Pair<Long, List<EventEnvelope>>> page(String id, long from, long to) {
    List<EventEnvelope> events =
        file.rows(ColumnFamily.EVENTS, id, from, to, PAGE).stream()
            .map(
                numberedRow ->
                    new EventEnvelope(
                        Offset.sequence(numberedRow.number()),
                        id,
                        numberedRow.number(),
                        numberedRow.row().value(system),
                        numberedRow.row().time()))
            .toList();
    if (events.isEmpty()) {
      return Optional.empty();
    }
    long next = events.size() < PAGE ? -1 : events.getLast().sequenceNr() + 1;
    return Optional.of(Pair.create(next, events));
  }

  /** Pekko creates this class by its name in the configuration. */
  public static final class Provider implements ReadJournalProvider {
    private final EmbeddedEvents events;

    /** Called by Pekko with the plugin's own configuration. */
    public Provider(ExtendedActorSystem system, Config config) {
      events = new EmbeddedEvents(system, config);
    }

    @Override
    public org.apache.pekko.persistence.query.scaladsl.ReadJournal scaladslReadJournal() {
      return (org.apache.pekko.persistence.query.scaladsl.CurrentEventsByPersistenceIdQuery)
          (id, from, to) -> events.currentEventsByPersistenceId(id, from, to).asScala();
    }

    @Override
    public EmbeddedEvents javadslReadJournal() {
      return events;
    }
  }
}
