package parley.store;

import com.amazonaws.services.dynamodbv2.AmazonDynamoDB;
import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.amazonaws.services.dynamodbv2.model.ConditionalCheckFailedException;
import com.amazonaws.services.dynamodbv2.model.GetItemRequest;
import com.amazonaws.services.dynamodbv2.model.PutItemRequest;
import com.amazonaws.services.dynamodbv2.model.ScanRequest;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The format with which a journal table was created. It cannot change while the table holds events.
 * It is kept in a row of the table itself, so a copy or a backup of the table contains it. The
 * package comment says why one row for the marks is enough.
 *
 * @param shards the number of rows over which the marks of an entity are spread
 */
record JournalFormat(int shards) {
  private static final Logger LOG = LoggerFactory.getLogger(JournalFormat.class);

  /**
   * The maximum number of rows, and the number in every table of a version before this row existed.
   */
  static final int MAX_MARK_SHARDS = 10;

  private static final int FORMAT = 1;
  private static final String ROW = "parley-format";

  /**
   * Reads the format, or writes it if the table has none. If two nodes start at once, one node's
   * format counts. Blocks.
   *
   * @throws StoreRefusedException if this version cannot read the table
   */
  static JournalFormat readOrCreate(AmazonDynamoDB client, String table)
      throws StoreRefusedException {
    Map<String, AttributeValue> row = read(client, table);
    if (row == null) {
      boolean begun =
          !client
              .scan(
                  new ScanRequest(table)
                      .withProjectionExpression("par")
                      .withLimit(1)
                      .withConsistentRead(true))
              .getItems()
              .isEmpty();
      storeIfAbsent(client, table, begun ? MAX_MARK_SHARDS : 1);
      row = read(client, table);
    }
    long format = number(row, "format");
    long shards = number(row, "sequence_shards");
    if (format != FORMAT || shards < 1 || shards > MAX_MARK_SHARDS) {
      throw new StoreRefusedException(
          "PARLEY_DYNAMODB_TABLE_PREFIX: the table "
              + table
              + " has a format this version does not know (its row "
              + ROW
              + " says format "
              + format
              + ", sequence_shards "
              + shards
              + ")");
    }
    return new JournalFormat((int) shards);
  }

  private static void storeIfAbsent(AmazonDynamoDB client, String table, int shards) {
    try {
      client.putItem(
          new PutItemRequest(
                  table,
                  Map.of(
                      "par",
                      new AttributeValue(ROW),
                      "num",
                      new AttributeValue().withN("0"),
                      "format",
                      new AttributeValue().withN(String.valueOf(FORMAT)),
                      "sequence_shards",
                      new AttributeValue().withN(String.valueOf(shards))))
              .withConditionExpression("attribute_not_exists(par)"));
      LOG.info(
          "The marks of each entity are in {} rows of the table {}; this never changes",
          shards,
          table);
    } catch (ConditionalCheckFailedException e) {
      LOG.debug("Another node was first");
    }
  }

  private static @Nullable Map<String, AttributeValue> read(AmazonDynamoDB client, String table) {
    return client
        .getItem(
            new GetItemRequest(
                    table,
                    Map.of("par", new AttributeValue(ROW), "num", new AttributeValue().withN("0")))
                .withConsistentRead(true))
        .getItem();
  }

  private static long number(@Nullable Map<String, AttributeValue> row, String name) {
    AttributeValue value = row == null ? null : row.get(name);
    return value == null || value.getN() == null ? 0 : Long.parseLong(value.getN());
  }
}
