package parley.store;

import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.amazonaws.services.dynamodbv2.model.QueryRequest;
import com.typesafe.config.Config;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.persistence.SelectedSnapshot;
import org.apache.pekko.persistence.SnapshotMetadata;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import org.apache.pekko.persistence.dynamodb.snapshot.DynamoDBSnapshotStore;
import org.jspecify.annotations.Nullable;
import parley.journal.BreakerMirror;
import scala.Option;
import scala.concurrent.Future;
import scala.jdk.javaapi.FutureConverters;
import scala.runtime.BoxedUnit;

/**
 * The plugin's snapshot store without its index by time. The index would double the cost of writing
 * and of removing a snapshot. The newest snapshot is the one with the highest sequence number. A
 * criterion about time is compared row by row; only tools use one. Created by Pekko.
 *
 * <p>A removal that fails in part fails as a whole, so that its caller repeats it. The plugin's own
 * store only logs the failure.
 */
public final class DynamoSnapshots extends DynamoDBSnapshotStore {
  private final BreakerMirror breaker;

  /** Called by Pekko with the plugin's own configuration. */
  public DynamoSnapshots(Config config) {
    super(config);
    breaker = BreakerMirror.ofSnapshots(context().system(), config);
    ConnectionPools.SNAPSHOTS.show(dynamo().dynamoDB());
  }

  // What Pekko's breaker lets pass.

  @Override
  public Future<Option<SelectedSnapshot>> loadAsync(
      String persistenceId, SnapshotSelectionCriteria criteria) {
    return breaker.follow(super.loadAsync(persistenceId, criteria));
  }

  @Override
  public Future<BoxedUnit> saveAsync(SnapshotMetadata metadata, Object snapshot) {
    return breaker.follow(super.saveAsync(metadata, snapshot));
  }

  @Override
  public Future<BoxedUnit> deleteAsync(SnapshotMetadata metadata) {
    return breaker.follow(super.deleteAsync(metadata));
  }

  @Override
  public Future<BoxedUnit> deleteAsync(String persistenceId, SnapshotSelectionCriteria criteria) {
    return breaker.follow(super.deleteAsync(persistenceId, criteria));
  }

  // How it is done.

  @Override
  public Future<Option<SelectedSnapshot>> load(
      String persistenceId, SnapshotSelectionCriteria criteria) {
    if (isOfAnyTime(criteria)) {
      // The plugin uses the index only if the criteria contain no number at all.
      return super.load(persistenceId, withNumberBounds(criteria));
    }
    return FutureConverters.asScala(
        matchingNumbers(persistenceId, criteria)
            .thenCompose(
                all ->
                    all.isEmpty()
                        ? CompletableFuture.completedFuture(Option.<SelectedSnapshot>empty())
                        : FutureConverters.asJava(
                            super.load(persistenceId, exactly(all.getFirst())))));
  }

  @Override
  public Future<BoxedUnit> delete(String persistenceId, SnapshotSelectionCriteria criteria) {
    if (criteria.minSequenceNr() == criteria.maxSequenceNr() && isOfAnyTime(criteria)) {
      return super.delete(new SnapshotMetadata(persistenceId, criteria.maxSequenceNr(), 0));
    }
    return FutureConverters.asScala(
        matchingNumbers(persistenceId, criteria)
            .thenCompose(
                all -> {
                  CompletionStage<BoxedUnit> done =
                      CompletableFuture.completedFuture(BoxedUnit.UNIT);
                  for (long number : all) {
                    done =
                        done.thenCompose(
                            before ->
                                FutureConverters.asJava(
                                    super.delete(new SnapshotMetadata(persistenceId, number, 0))));
                  }
                  return done;
                }));
  }

  private static boolean isOfAnyTime(SnapshotSelectionCriteria criteria) {
    return criteria.minTimestamp() <= 0 && criteria.maxTimestamp() == Long.MAX_VALUE;
  }

  private static SnapshotSelectionCriteria withNumberBounds(SnapshotSelectionCriteria criteria) {
    return SnapshotSelectionCriteria.create(
        Math.min(criteria.maxSequenceNr(), Long.MAX_VALUE - 1),
        Long.MAX_VALUE,
        Math.max(criteria.minSequenceNr(), 0),
        0);
  }

  private static SnapshotSelectionCriteria exactly(long number) {
    return SnapshotSelectionCriteria.create(number, Long.MAX_VALUE, number, 0);
  }

  /** The sequence numbers of the matching snapshots, newest first. */
  private CompletionStage<List<Long>> matchingNumbers(
      String persistenceId, SnapshotSelectionCriteria criteria) {
    return pages(persistenceId, criteria, null, new ArrayList<>());
  }

  private CompletionStage<List<Long>> pages(
      String persistenceId,
      SnapshotSelectionCriteria criteria,
      @Nullable Map<String, AttributeValue> after,
      List<Long> numbers) {
    return FutureConverters.asJava(
            dynamo()
                .query(
                    new QueryRequest(journalSettings().Table())
                        .withKeyConditionExpression(
                            "par = :par AND seq BETWEEN :lowest AND :highest")
                        .withFilterExpression("ts BETWEEN :oldest AND :youngest")
                        .withExpressionAttributeValues(
                            Map.of(
                                ":par",
                                new AttributeValue(
                                    journalSettings().JournalName() + "-P-" + persistenceId),
                                ":lowest",
                                number(criteria.minSequenceNr()),
                                ":highest",
                                number(criteria.maxSequenceNr()),
                                ":oldest",
                                number(criteria.minTimestamp()),
                                ":youngest",
                                number(criteria.maxTimestamp())))
                        .withProjectionExpression("seq")
                        .withScanIndexForward(false)
                        .withExclusiveStartKey(after)
                        .withConsistentRead(true)))
        .thenCompose(
            page -> {
              page.getItems()
                  .forEach(
                      row ->
                          numbers.add(
                              Long.parseLong(Objects.requireNonNull(row.get("seq")).getN())));
              Map<String, AttributeValue> last = page.getLastEvaluatedKey();
              return last == null || last.isEmpty()
                  ? CompletableFuture.completedFuture(numbers)
                  : pages(persistenceId, criteria, last, numbers);
            });
  }

  private static AttributeValue number(long value) {
    return new AttributeValue().withN(String.valueOf(value));
  }
}
