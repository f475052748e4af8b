package parley.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import parley.bench.engine.CountingDynamo;
import parley.bench.report.StoreRequests;
import parley.bench.report.StoreRequests.Tally;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BatchWriteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.CreateTableRequest;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.Put;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.PutRequest;
import software.amazon.awssdk.services.dynamodb.model.QueryRequest;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.WriteRequest;

/** The stand-in counts as DynamoDB's own rules of capacity say. */
class CountingHandlerTest {
  private static final String KEY = "local";
  private static final String REGION = "us-east-1";
  private static final String TABLE = "notes";

  private final CountingDynamo store = new CountingDynamo();

  @Test
  void unitsAreBegunKilobytesAndTwiceInATransaction() {
    table();
    put(item("a", 300));
    put(item("b", 1_500));
    store.batchWriteItem(
        KEY,
        REGION,
        BatchWriteItemRequest.builder()
            .requestItems(Map.of(TABLE, List.of(write(item("c", 300)), write(item("d", 2_500)))))
            .build());
    store.transactWriteItems(
        KEY,
        REGION,
        TransactWriteItemsRequest.builder()
            .transactItems(transacted(item("e", 300)), transacted(item("f", 1_500)))
            .build());
    assertThat(store.asked().byKind())
        .containsOnly(
            Map.entry("PutItem", new Tally(2, 1 + 2)),
            Map.entry("BatchWriteItem", new Tally(1, 1 + 3)),
            Map.entry("TransactWriteItems", new Tally(1, 2 + 4)));
    assertThat(store.asked().writeUnits()).isEqualTo(13);
    assertThat(store.asked().readUnits()).isZero();
  }

  @Test
  void readsCountBegunFourKilobytesAndHalfOfThatWhereTheyMayBeOld() {
    table();
    put(item("a", 5_000));
    StoreRequests before = store.asked();
    query("a", true);
    query("a", false);
    assertThat(store.asked().since(before).byKind())
        .containsOnly(Map.entry("Query", new Tally(2, 2 + 1)));
    assertThat(store.asked().since(before).readUnits()).isEqualTo(3);
  }

  @Test
  void whatIsRefusedIsARequestToo() {
    table();
    PutItemRequest once =
        PutItemRequest.builder()
            .tableName(TABLE)
            .item(item("a", 10))
            .conditionExpression("attribute_not_exists(k)")
            .build();
    store.putItem(KEY, REGION, once);
    assertThatThrownBy(() -> store.putItem(KEY, REGION, once))
        .hasMessageContaining("conditional request failed");
    assertThat(store.asked().byKind()).containsOnly(Map.entry("PutItem", new Tally(2, 1)));
  }

  @Test
  void theCountTravelsAsText() {
    StoreRequests storeRequests =
        new StoreRequests(Map.of("PutItem", new Tally(12, 15.0), "Query", new Tally(3, 1.5)));
    assertThat(StoreRequests.parse(storeRequests.toString())).isEqualTo(storeRequests);
    assertThat(StoreRequests.parse("")).isEqualTo(StoreRequests.NOTHING);
  }

  private void table() {
    store.createTable(
        KEY,
        REGION,
        CreateTableRequest.builder()
            .tableName(TABLE)
            .attributeDefinitions(
                AttributeDefinition.builder()
                    .attributeName("k")
                    .attributeType(ScalarAttributeType.S)
                    .build())
            .keySchema(KeySchemaElement.builder().attributeName("k").keyType(KeyType.HASH).build())
            .billingMode(BillingMode.PAY_PER_REQUEST)
            .build());
  }

  private static Map<String, AttributeValue> item(String key, int bytes) {
    return Map.of("k", AttributeValue.fromS(key), "text", AttributeValue.fromS(".".repeat(bytes)));
  }

  private void put(Map<String, AttributeValue> item) {
    store.putItem(KEY, REGION, PutItemRequest.builder().tableName(TABLE).item(item).build());
  }

  private void query(String key, boolean consistent) {
    store.query(
        KEY,
        REGION,
        QueryRequest.builder()
            .tableName(TABLE)
            .keyConditionExpression("k = :k")
            .expressionAttributeValues(Map.of(":k", AttributeValue.fromS(key)))
            .consistentRead(consistent)
            .build());
  }

  private static WriteRequest write(Map<String, AttributeValue> item) {
    return WriteRequest.builder().putRequest(PutRequest.builder().item(item).build()).build();
  }

  private static TransactWriteItem transacted(Map<String, AttributeValue> item) {
    return TransactWriteItem.builder()
        .put(Put.builder().tableName(TABLE).item(item).build())
        .build();
  }
}
