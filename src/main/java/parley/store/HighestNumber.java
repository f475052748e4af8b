package parley.store;

import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.amazonaws.services.dynamodbv2.model.BatchGetItemRequest;
import com.amazonaws.services.dynamodbv2.model.BatchGetItemResult;
import com.amazonaws.services.dynamodbv2.model.KeysAndAttributes;
import com.amazonaws.services.dynamodbv2.model.QueryRequest;
import com.amazonaws.services.dynamodbv2.model.QueryResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Finds the highest sequence number of one entity's events.
 *
 * <p>Events are stored in partitions of a hundred. A <em>high mark</em> names the newest hundred
 * that was begun; a <em>low mark</em> names the first event that was not removed. Both only grow.
 * The search begins at the hundred of the higher mark. It follows the full hundreds to the first
 * one that is not full.
 *
 * <p>The plugin's own search begins at the high mark alone. If that mark is missing, and everything
 * in the hundred where the search begins has been removed, the plugin's answer is too low. Every
 * later write then uses a number that is taken. Nothing above the low mark is ever removed, so this
 * search finds the end whichever marks are missing; a high mark only makes it shorter.
 *
 * <p>Cost: one batch read of the marks, and the newest row of each hundred that the search visits.
 */
final class HighestNumber {
  /** Events of one partition. The plugin defines it; it never changes. */
  static final int PARTITION_SIZE = 100;

  /** How often a batch read is repeated for the keys that it left out. */
  private static final int MAX_BATCH_RETRIES = 10;

  private final Reads reads;
  private final String table;
  private final String journal;

  /** The two kinds of reads that the search needs. */
  interface Reads {
    CompletionStage<BatchGetItemResult> get(BatchGetItemRequest request);

    CompletionStage<QueryResult> query(QueryRequest request);
  }

  /**
   * The marks of one entity, each 0 if there is none.
   *
   * @param high the first number of the newest hundred that was begun
   * @param low the first number that was not removed
   */
  record Marks(long high, long low) {}

  /**
   * A search in one table.
   *
   * @param journal the plugin's {@code journal-name}, the prefix of all keys
   */
  HighestNumber(Reads reads, String table, String journal) {
    this.reads = reads;
    this.table = table;
    this.journal = journal;
  }

  /**
   * The highest number, 0 if nothing was written.
   *
   * @param shards the number of rows over which the marks are spread
   */
  CompletionStage<Long> find(String persistenceId, int shards) {
    return marks(persistenceId, shards).thenCompose(marks -> find(persistenceId, marks));
  }

  /** The highest number, from marks that are known already. */
  CompletionStage<Long> find(String persistenceId, Marks marks) {
    long begin = Math.max(marks.high(), marks.low() / PARTITION_SIZE * PARTITION_SIZE);
    // All numbers below the low mark were written, whether or not their rows still exist.
    long least = Math.max(marks.high(), marks.low() - 1);
    return searchFrom(persistenceId, begin, Math.max(least, 0));
  }

  /**
   * The highest number, if the event {@code found} is known and every hundred from the one of
   * {@code begin} on can hold later ones.
   */
  CompletionStage<Long> searchFrom(String persistenceId, long from, long found) {
    long begin = from / PARTITION_SIZE * PARTITION_SIZE;
    return reads
        .query(
            new QueryRequest(table)
                .withKeyConditionExpression("par = :par")
                .withExpressionAttributeValues(
                    Map.of(":par", new AttributeValue(partition(journal, persistenceId, begin))))
                .withProjectionExpression("num")
                .withScanIndexForward(false)
                .withLimit(1)
                .withConsistentRead(true))
        .thenCompose(
            result -> {
              if (result.getItems().isEmpty()) {
                return CompletableFuture.completedFuture(found);
              }
              long place = number(result.getItems().getFirst(), "num");
              long highest = Math.max(found, begin + place);
              return place == PARTITION_SIZE - 1
                  ? searchFrom(persistenceId, begin + PARTITION_SIZE, highest)
                  : CompletableFuture.completedFuture(highest);
            });
  }

  /** Reads the marks. The highest of each kind counts. */
  CompletionStage<Marks> marks(String persistenceId, int shards) {
    List<Map<String, AttributeValue>> keys = new ArrayList<>();
    IntStream.range(0, shards)
        .forEach(
            shard -> {
              keys.add(highKey(persistenceId, shard));
              keys.add(lowKey(persistenceId, shard));
            });
    return get(
            Map.of(table, new KeysAndAttributes().withKeys(keys).withConsistentRead(true)),
            new ArrayList<>(),
            MAX_BATCH_RETRIES)
        .thenApply(
            rows -> {
              long high = 0;
              long low = 0;
              for (Map<String, AttributeValue> row : rows) {
                AttributeValue par = row.get("par");
                long mark = number(row, "seq");
                if (par != null && par.getS().startsWith(journal + "-SH-")) {
                  high = Math.max(high, mark);
                } else {
                  low = Math.max(low, mark);
                }
              }
              return new Marks(high, low);
            });
  }

  private CompletionStage<List<Map<String, AttributeValue>>> get(
      Map<String, KeysAndAttributes> wanted,
      List<Map<String, AttributeValue>> rows,
      int triesLeft) {
    return reads
        .get(new BatchGetItemRequest(wanted))
        .thenCompose(
            result -> {
              rows.addAll(result.getResponses().getOrDefault(table, List.of()));
              Map<String, KeysAndAttributes> left = result.getUnprocessedKeys();
              if (left == null || left.isEmpty()) {
                return CompletableFuture.completedFuture(rows);
              }
              if (triesLeft == 0) {
                return CompletableFuture.failedFuture(
                    new IllegalStateException("the marks of an entity cannot be read"));
              }
              return get(left, rows, triesLeft - 1);
            });
  }

  Map<String, AttributeValue> highKey(String persistenceId, long shard) {
    return key(journal + "-SH-" + persistenceId + "-" + shard);
  }

  Map<String, AttributeValue> lowKey(String persistenceId, long shard) {
    return key(journal + "-SL-" + persistenceId + "-" + shard);
  }

  private static Map<String, AttributeValue> key(String par) {
    return Map.of("par", new AttributeValue(par), "num", new AttributeValue().withN("0"));
  }

  /** The key of the hundred in which an event is stored. */
  static String partition(String journal, String persistenceId, long number) {
    return journal + "-P-" + persistenceId + "-" + number / PARTITION_SIZE;
  }

  private static long number(Map<String, AttributeValue> row, String name) {
    @Nullable AttributeValue value = row.get(name);
    return value == null ? 0 : Long.parseLong(value.getN());
  }
}
