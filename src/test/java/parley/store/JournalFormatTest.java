package parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.amazonaws.ClientConfiguration;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDB;
import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import parley.client.DynamoLocal;

/** The format of a table is decided once, when it is created, and kept in the table. */
@Timeout(60)
class JournalFormatTest {
  private static final Map<String, AttributeValue> ROW =
      Map.of("par", new AttributeValue("parley-format"), "num", number(0));

  private final String prefix = DynamoLocal.prefix();
  private final AmazonDynamoDB table =
      DynamoStore.client(DynamoLocal.endpoint().toString(), new ClientConfiguration());

  @BeforeEach
  void make() throws Exception {
    DynamoStore.open(DynamoLocal.endpoint(), prefix, true).close();
  }

  @AfterEach
  void close() {
    table.shutdown();
  }

  @Test
  void aNewTableKeepsTheMarksOfAnEntityInOneRow() throws Exception {
    assertThat(shards()).isEqualTo(1);
    // Also when the table is no longer new.
    put(Map.of("par", new AttributeValue("journal-P-x-0"), "num", number(1)));
    assertThat(shards()).isEqualTo(1);
  }

  /** A table of an earlier version: its marks are in ten rows, and stay there. */
  @Test
  void aTableOfAVersionBeforeStaysAsItIs() throws Exception {
    table.deleteItem(prefix + "journal", ROW);
    put(Map.of("par", new AttributeValue("journal-P-x-2"), "num", number(1)));
    put(Map.of("par", new AttributeValue("journal-SH-x-2"), "num", number(0), "seq", number(200)));
    assertThat(shards()).isEqualTo(10);
    assertThat(shards()).isEqualTo(10);
    try (DynamoStore store = DynamoStore.open(DynamoLocal.endpoint(), prefix, false)) {
      assertThat(store.checkMarks("x", false).toCompletableFuture().join()).isEmpty();
    }
  }

  @Test
  void aTableOfAVersionAfterIsRefused() {
    Map<String, AttributeValue> row = new HashMap<>(ROW);
    row.put("format", number(2));
    row.put("sequence_shards", number(1));
    put(row);
    assertThatThrownBy(this::shards)
        .isInstanceOf(StoreRefusedException.class)
        .hasMessage(
            "PARLEY_DYNAMODB_TABLE_PREFIX: the table "
                + prefix
                + "journal has a format this version does not know (its row parley-format says"
                + " format 2, sequence_shards 1)");
  }

  private int shards() throws StoreRefusedException {
    try (DynamoStore store = DynamoStore.open(DynamoLocal.endpoint(), prefix, true)) {
      int shards = store.config().getInt("dynamodb-journal.sequence-shards");
      assertThat(store.config().getInt("dynamodb-read-journal.sequence-shards")).isEqualTo(shards);
      return shards;
    }
  }

  private void put(Map<String, AttributeValue> row) {
    table.putItem(prefix + "journal", row);
  }

  private static AttributeValue number(long value) {
    return new AttributeValue().withN(String.valueOf(value));
  }
}
