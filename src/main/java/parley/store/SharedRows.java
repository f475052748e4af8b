package parley.store;

import com.amazonaws.services.dynamodbv2.AmazonDynamoDB;
import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.amazonaws.services.dynamodbv2.model.ConditionalCheckFailedException;
import com.amazonaws.services.dynamodbv2.model.GetItemRequest;
import com.amazonaws.services.dynamodbv2.model.PutItemRequest;
import com.amazonaws.services.dynamodbv2.model.ScanRequest;
import com.amazonaws.services.dynamodbv2.model.ScanResult;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rows that all nodes read and that are not events. The number of shards is a row of the journal's
 * table, so a copy or a backup of the events contains it.
 */
final class SharedRows {
  private static final Logger LOG = LoggerFactory.getLogger(SharedRows.class);
  private static final String SHARDS = "parley-shards";
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");

  private SharedRows() {}

  /**
   * The stored number of shards. If there is none, it is stored first; if several nodes do that at
   * once, one number counts for all.
   */
  static int shards(AmazonDynamoDB client, String journal, int fresh, int before)
      throws StoreRefusedException {
    Integer kept = read(client, journal);
    if (kept == null) {
      int made = hasEvents(client, journal) ? before : fresh;
      if (put(client, journal, made, "attribute_not_exists(par)", Map.of())) {
        LOG.info("{} has {} shards of each kind", journal, made);
      }
      kept = read(client, journal);
    }
    if (kept == null) {
      throw new StoreRefusedException(
          "PARLEY_SHARDS: the number was put into " + journal + " and is not there");
    }
    return kept;
  }

  static boolean changeShards(AmazonDynamoDB client, String journal, int expected, int shards) {
    if (put(client, journal, shards, "shards = :expected", Map.of(":expected", number(expected)))) {
      return true;
    }
    // Our own write fails so too, if its answer was lost and the client has repeated it.
    return Objects.equals(read(client, journal), shards);
  }

  /**
   * The rows of that prefix whose value is a number, as a map from the rest of the name to the
   * value.
   */
  static Map<String, String> numbers(AmazonDynamoDB client, String table, String prefix) {
    Map<String, String> numbers = new TreeMap<>();
    Map<String, AttributeValue> after = null;
    do {
      ScanResult page =
          client.scan(
              new ScanRequest(table)
                  .withConsistentRead(true)
                  .withFilterExpression("begins_with(#name, :prefix)")
                  .withExpressionAttributeNames(Map.of("#name", "name"))
                  .withExpressionAttributeValues(Map.of(":prefix", new AttributeValue(prefix)))
                  .withExclusiveStartKey(after));
      for (Map<String, AttributeValue> row : page.getItems()) {
        AttributeValue value = row.get("value");
        if (value != null && value.getS() != null && NUMBER.matcher(value.getS()).matches()) {
          numbers.put(
              Objects.requireNonNull(row.get("name")).getS().substring(prefix.length()),
              value.getS());
        }
      }
      after = page.getLastEvaluatedKey();
    } while (after != null && !after.isEmpty());
    return numbers;
  }

  /** Whether any entity has written an event; other rows of the table do not count. */
  private static boolean hasEvents(AmazonDynamoDB client, String journal) {
    Map<String, AttributeValue> after = null;
    do {
      ScanResult page =
          client.scan(
              new ScanRequest(journal)
                  .withConsistentRead(true)
                  .withProjectionExpression("par")
                  .withFilterExpression("begins_with(par, :events)")
                  .withExpressionAttributeValues(Map.of(":events", new AttributeValue("journal-")))
                  .withExclusiveStartKey(after));
      if (!page.getItems().isEmpty()) {
        return true;
      }
      after = page.getLastEvaluatedKey();
    } while (after != null && !after.isEmpty());
    return false;
  }

  private static @Nullable Integer read(AmazonDynamoDB client, String journal) {
    Map<String, AttributeValue> row =
        client
            .getItem(
                new GetItemRequest(
                        journal, Map.of("par", new AttributeValue(SHARDS), "num", number(0)))
                    .withConsistentRead(true))
            .getItem();
    AttributeValue value = row == null ? null : row.get("shards");
    return value == null || value.getN() == null ? null : Integer.valueOf(value.getN());
  }

  private static boolean put(
      AmazonDynamoDB client,
      String journal,
      int shards,
      String condition,
      Map<String, AttributeValue> values) {
    PutItemRequest put =
        new PutItemRequest(
                journal,
                Map.of(
                    "par", new AttributeValue(SHARDS), "num", number(0), "shards", number(shards)))
            .withConditionExpression(condition);
    try {
      client.putItem(values.isEmpty() ? put : put.withExpressionAttributeValues(values));
      return true;
    } catch (ConditionalCheckFailedException e) {
      return false;
    }
  }

  private static AttributeValue number(int value) {
    return new AttributeValue().withN(String.valueOf(value));
  }
}
