package parley.store;

import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.amazonaws.services.dynamodbv2.model.QueryRequest;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;

/**
 * Reads the events of an entity in ascending order, one query at a time, without a look at its
 * marks. The caller knows an event that exists or comes next, for example from a snapshot.
 *
 * <p>The events of a hundred are stored together, and a hundred is full before the next one is
 * begun. So a hundred that is not full ends the log.
 */
final class EventPages {
  private final HighestNumber.Reads reads;
  private final String table;
  private final String journal;

  /**
   * Reads one table.
   *
   * @param journal the plugin's {@code journal-name}, the prefix of all keys
   */
  EventPages(HighestNumber.Reads reads, String table, String journal) {
    this.reads = reads;
    this.table = table;
    this.journal = journal;
  }

  /**
   * Some consecutive rows of one hundred.
   *
   * @param rows at most 1 MB, in ascending order; empty if nothing was found
   * @param next the number at which the next page begins; 0 if the log or the wanted range ends
   *     here
   */
  record Page(List<Map<String, AttributeValue>> rows, long next) {}

  /**
   * The page that begins at this number. Reads consistently.
   *
   * @param to the last number wanted; nothing behind it is read, since the size of what is read is
   *     paid for
   */
  CompletionStage<Page> page(String persistenceId, long from, long to) {
    long begin = from / HighestNumber.PARTITION_SIZE * HighestNumber.PARTITION_SIZE;
    long last = Math.min(to - begin, HighestNumber.PARTITION_SIZE - 1);
    return reads
        .query(
            new QueryRequest(table)
                .withKeyConditionExpression("par = :par AND num BETWEEN :from AND :to")
                .withExpressionAttributeValues(
                    Map.of(
                        ":par",
                        new AttributeValue(HighestNumber.partition(journal, persistenceId, from)),
                        ":from",
                        new AttributeValue().withN(String.valueOf(from - begin)),
                        ":to",
                        new AttributeValue().withN(String.valueOf(last))))
                .withConsistentRead(true))
        .thenApply(
            result -> {
              List<Map<String, AttributeValue>> rows = result.getItems();
              Map<String, AttributeValue> unread = result.getLastEvaluatedKey();
              if (unread != null && !unread.isEmpty()) {
                return new Page(rows, begin + place(unread) + 1);
              }
              boolean full =
                  !rows.isEmpty() && place(rows.getLast()) == HighestNumber.PARTITION_SIZE - 1;
              long next = begin + HighestNumber.PARTITION_SIZE;
              return new Page(rows, full && next <= to ? next : 0);
            });
  }

  /** The sequence number of an event's row; 0 if the row is no event. */
  static long number(Map<String, AttributeValue> row) {
    AttributeValue seq = row.get("seq");
    return seq == null ? 0 : Long.parseLong(seq.getN());
  }

  private static long place(Map<String, AttributeValue> row) {
    return Long.parseLong(Objects.requireNonNull(row.get("num")).getN());
  }
}
