package parley.store;

import com.amazonaws.services.dynamodbv2.model.BatchWriteItemRequest;
import com.amazonaws.services.dynamodbv2.model.DeleteRequest;
import com.amazonaws.services.dynamodbv2.model.WriteRequest;
import com.typesafe.config.Config;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.persistence.AtomicWrite;
import org.apache.pekko.persistence.PersistentRepr;
import org.apache.pekko.persistence.dynamodb.journal.DynamoDBJournal;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;
import parley.bounds.BoundedMap;
import parley.journal.BreakerMirror;
import parley.journal.JournalMeters;
import scala.Function1;
import scala.collection.immutable.Seq;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.FutureConverters;
import scala.runtime.BoxedUnit;
import scala.util.Try;

/**
 * The plugin's journal with another recovery. It reads the events after the snapshot once ({@link
 * LogTail}), where the plugin reads marks, the numbers of the newest hundred, marks again, and then
 * the events. Only where that shows nothing or a gap do marks count, and then the highest number is
 * the one of {@link HighestNumber}. Created by Pekko.
 *
 * <p><b>Removal.</b> Recovery without a snapshot trusts a log that begins with event 1. So event 1
 * is removed before any other, after the low mark was written. A removal that ends in between
 * leaves a log that is whole, or one of which the low mark tells where it begins.
 */
public final class DynamoJournal extends DynamoDBJournal {
  /**
   * The most tails that wait for their replay, which begins at once. One more displaces the oldest;
   * the replay of that one reads again.
   */
  private static final int MAX_TAILS = 32;

  private final HighestNumber search;
  private final LogTail.Reader tailReader;
  private final int markRows;
  private final JournalMeters meters = JournalMeters.ofProcess();
  private final BreakerMirror breaker;

  /** Recoveries that have asked for the highest number: the number of their snapshot. */
  private final Map<String, Long> snapshotNumbers = new ConcurrentHashMap<>();

  private final Map<String, LogTail> tails = BoundedMap.byAge(MAX_TAILS);

  /** Called by Pekko with the plugin's own configuration. */
  public DynamoJournal(Config config) {
    super(config);
    HighestNumber.Reads reads = DynamoReads.of(dynamo());
    String table = journalSettings().JournalTable();
    String name = journalSettings().JournalName();
    this.search = new HighestNumber(reads, table, name);
    this.tailReader = new LogTail.Reader(reads, table, name);
    this.markRows = journalSettings().SequenceShards();
    this.breaker = BreakerMirror.ofJournal(context().system(), config);
    ConnectionPools.JOURNAL.show(dynamo().dynamoDB());
  }

  @Override
  public Future<Seq<Try<BoxedUnit>>> asyncWriteMessages(Seq<AtomicWrite> messages) {
    long start = System.nanoTime();
    Future<Seq<Try<BoxedUnit>>> result = super.asyncWriteMessages(messages);
    CompletionStage<?> unused =
        FutureConverters.asJava(result)
            .whenComplete(
                (outcomes, failure) ->
                    CollectionConverters.asJava(messages)
                        .forEach(
                            write ->
                                meters.written(
                                    write.persistenceId(),
                                    System.nanoTime() - start,
                                    failure != null)));
    return breaker.follow(result);
  }

  @Override
  public Future<Object> asyncReadHighestSequenceNr(String persistenceId, long fromSequenceNr) {
    takeTail(persistenceId);
    snapshotNumbers.put(persistenceId, fromSequenceNr);
    return breaker.follow(super.asyncReadHighestSequenceNr(persistenceId, fromSequenceNr));
  }

  /** Called by the plugin when no write of the entity is in flight. */
  @Override
  public Future<Object> readSequenceNr(String persistenceId, boolean highest) {
    if (!highest) {
      return super.readSequenceNr(persistenceId, false);
    }
    Long snapshot = snapshotNumbers.remove(persistenceId);
    CompletionStage<Optional<LogTail>> tail =
        snapshot == null
            ? CompletableFuture.completedFuture(Optional.empty())
            : tailReader.read(persistenceId, snapshot + 1);
    return FutureConverters.asScala(
        tail.thenCompose(
                found -> {
                  if (found.isEmpty()) {
                    return search.find(persistenceId, markRows);
                  }
                  keepTail(persistenceId, found.get());
                  return CompletableFuture.completedFuture(found.get().highest());
                })
            .thenApply(number -> (Object) number));
  }

  @Override
  public Future<BoxedUnit> asyncReplayMessages(
      String persistenceId,
      long fromSequenceNr,
      long toSequenceNr,
      long max,
      Function1<PersistentRepr, BoxedUnit> replayCallback) {
    LogTail tail = takeTail(persistenceId);
    if (tail == null || !tail.holds(fromSequenceNr, toSequenceNr) || tail.rows().size() > max) {
      return super.asyncReplayMessages(
          persistenceId, fromSequenceNr, toSequenceNr, max, replayCallback);
    }
    return FutureConverters.asScala(
        Source.from(tail.rows())
            .mapAsync(
                journalSettings().ReplayParallelism(),
                row -> FutureConverters.asJava(readPersistentRepr(row, true)))
            .runForeach(replayCallback::apply, Materializer.matFromSystem(context().system()))
            .thenApply(done -> BoxedUnit.UNIT));
  }

  @Override
  public Future<BoxedUnit> asyncDeleteMessagesTo(String persistenceId, long toSequenceNr) {
    return breaker.follow(
        FutureConverters.asScala(
            search
                .marks(persistenceId, markRows)
                .thenCompose(
                    marks ->
                        marks.low() > 1
                            ? FutureConverters.asJava(
                                super.asyncDeleteMessagesTo(persistenceId, toSequenceNr))
                            : removeFirstEvents(persistenceId, marks, toSequenceNr))));
  }

  /** The first removal of an entity: event 1 goes first, after the low mark. */
  private CompletionStage<BoxedUnit> removeFirstEvents(
      String persistenceId, HighestNumber.Marks marks, long toSequenceNr) {
    return search
        .find(persistenceId, marks)
        .thenCompose(
            highest -> {
              long upTo = Math.min(toSequenceNr, highest);
              if (upTo < 1) {
                return CompletableFuture.completedFuture(BoxedUnit.UNIT);
              }
              return FutureConverters.asJava(setLS(persistenceId, upTo + 1))
                  .thenCompose(marked -> removeEvent(persistenceId, 1))
                  .thenCompose(
                      removed -> FutureConverters.asJava(deleteMessages(persistenceId, 2, upTo)))
                  .thenApply(done -> BoxedUnit.UNIT);
            });
  }

  /** By a batch: nodes are permitted no other way to remove events. */
  private CompletionStage<?> removeEvent(String persistenceId, long number) {
    return FutureConverters.asJava(
            dynamo()
                .batchWriteItem(
                    new BatchWriteItemRequest(
                        Map.of(
                            journalSettings().JournalTable(),
                            List.of(
                                new WriteRequest(
                                    new DeleteRequest(messageKey(persistenceId, number))))))))
        .thenAccept(
            result -> {
              if (result.getUnprocessedItems() != null && !result.getUnprocessedItems().isEmpty()) {
                throw new IllegalStateException("an event was not removed: throttled");
              }
            });
  }

  private void keepTail(String persistenceId, LogTail tail) {
    if (!tail.rows().isEmpty()) {
      synchronized (tails) {
        tails.put(persistenceId, tail);
      }
    }
  }

  private @Nullable LogTail takeTail(String persistenceId) {
    synchronized (tails) {
      return tails.remove(persistenceId);
    }
  }
}
