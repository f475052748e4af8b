package parley.store;

import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.typesafe.config.Config;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.persistence.PersistentRepr;
import org.apache.pekko.persistence.dynamodb.query.scaladsl.internal.DynamoDBReadJournal;
import org.apache.pekko.persistence.query.EventEnvelope;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.ReadJournalProvider;
import org.apache.pekko.stream.javadsl.Source;
import scala.concurrent.Future;
import scala.jdk.javaapi.FutureConverters;

/**
 * The plugin's read journal. It reads a range that begins with an event that exists page by page,
 * as far as its stream is asked for, and looks at no marks. A range of one event needs no marks
 * either. Any other range is read the plugin's way, with the last event of {@link HighestNumber}.
 */
final class DynamoEvents extends DynamoDBReadJournal {
  private final EventPages pages;

  private DynamoEvents(Config config, String path, ExtendedActorSystem system) {
    super(config, path, system);
    this.pages =
        new EventPages(
            DynamoReads.of(dynamo()),
            journalSettings().JournalTable(),
            journalSettings().JournalName());
    ConnectionPools.EVENTS.show(dynamo().dynamoDB());
  }

  @Override
  public org.apache.pekko.stream.scaladsl.Source<EventEnvelope, NotUsed>
      currentEventsByPersistenceId(String persistenceId, long from, long to) {
    if (from < 1 || to < from) {
      return super.currentEventsByPersistenceId(persistenceId, from, to);
    }
    return Source.lazyCompletionStage(() -> pages.page(persistenceId, from, to))
        .flatMapConcat(
            first ->
                from == to && first.rows().isEmpty()
                    ? Source.<EventEnvelope>empty()
                    : first.rows().isEmpty() || EventPages.number(first.rows().getFirst()) != from
                        ? pluginEvents(persistenceId, from, to)
                        : pagesFrom(persistenceId, first, to)
                            .flatMapConcat(rows -> events(persistenceId, rows)))
        .mapMaterializedValue(started -> NotUsed.getInstance())
        .asScala();
  }

  private Source<EventEnvelope, NotUsed> pluginEvents(String persistenceId, long from, long to) {
    return from < to
        ? super.currentEventsByPersistenceId(persistenceId, from, to).asJava()
        : Source.<EventEnvelope>empty();
  }

  /** The rows of this page and of those after it, each read when the one before is used up. */
  private Source<List<Map<String, AttributeValue>>, NotUsed> pagesFrom(
      String persistenceId, EventPages.Page first, long to) {
    return Source.single(first.rows())
        .concatLazy(
            Source.unfoldAsync(
                first.next(),
                next ->
                    next == 0
                        ? CompletableFuture.completedFuture(
                            Optional.<Pair<Long, List<Map<String, AttributeValue>>>>empty())
                        : pages
                            .page(persistenceId, next, to)
                            .thenApply(
                                page -> Optional.of(Pair.create(page.next(), page.rows())))));
  }

  /** The events of one page. Those of a command of many events are left to the plugin to join. */
  private Source<EventEnvelope, NotUsed> events(
      String persistenceId, List<Map<String, AttributeValue>> rows) {
    if (rows.stream().anyMatch(row -> row.containsKey("cnt"))) {
      long from = EventPages.number(rows.getFirst());
      long last = EventPages.number(rows.getLast());
      return pluginEvents(persistenceId, from, Math.max(last, from + 1))
          .takeWhile(event -> event.sequenceNr() <= last);
    }
    return Source.from(rows)
        .mapAsync(1, row -> FutureConverters.asJava(readPersistentRepr(row, true)))
        .map(DynamoEvents::envelope);
  }

  private static EventEnvelope envelope(PersistentRepr event) {
    return new EventEnvelope(
        Offset.sequence(event.sequenceNr()),
        event.persistenceId(),
        event.sequenceNr(),
        event.payload(),
        event.timestamp());
  }

  @Override
  public Future<Object> readSequenceNr(String persistenceId, boolean highest) {
    return highest
        ? FutureConverters.asScala(
            new HighestNumber(
                    DynamoReads.of(dynamo()),
                    journalSettings().JournalTable(),
                    journalSettings().JournalName())
                .find(persistenceId, journalSettings().SequenceShards())
                .thenApply(number -> (Object) number))
        : super.readSequenceNr(persistenceId, false);
  }

  /** Created by Pekko. */
  public static final class Provider implements ReadJournalProvider {
    private final DynamoEvents events;
    private final org.apache.pekko.persistence.dynamodb.query.javadsl.DynamoDBReadJournal java;

    /** Called by Pekko with the plugin's own configuration and its path. */
    public Provider(ExtendedActorSystem system, Config config, String path) {
      events = new DynamoEvents(config, path, system);
      java = new org.apache.pekko.persistence.dynamodb.query.javadsl.DynamoDBReadJournal(events);
    }

    @Override
    public DynamoDBReadJournal scaladslReadJournal() {
      return events;
    }

    @Override
    public org.apache.pekko.persistence.dynamodb.query.javadsl.DynamoDBReadJournal
        javadslReadJournal() {
      return java;
    }
  }
}
