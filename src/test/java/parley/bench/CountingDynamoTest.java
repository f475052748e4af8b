package parley.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import parley.bench.engine.CountingDynamo;
import parley.bench.report.StoreRequests;
import parley.bench.report.StoreRequests.Tally;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.BatchWriteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.CreateTableRequest;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.Get;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.KeysAndAttributes;
import software.amazon.awssdk.services.dynamodb.model.LocalSecondaryIndex;
import software.amazon.awssdk.services.dynamodb.model.Projection;
import software.amazon.awssdk.services.dynamodb.model.ProjectionType;
import software.amazon.awssdk.services.dynamodb.model.Put;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.PutRequest;
import software.amazon.awssdk.services.dynamodb.model.QueryRequest;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;
import software.amazon.awssdk.services.dynamodb.model.ScanRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactGetItem;
import software.amazon.awssdk.services.dynamodb.model.TransactGetItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;
import software.amazon.awssdk.services.dynamodb.model.WriteRequest;

/** The stand-in counts capacity units as DynamoDB bills them. Each test is one billing rule. */
class CountingDynamoTest {
  private static final String ACCESS_KEY = "local";
  private static final String REGION = "us-east-1";

  /**
   * The partition key is {@code k}, the sort key {@code n}. A local index sorts by {@code at} and
   * projects all attributes.
   */
  private static final String TABLE = "notes";

  private final CountingDynamo store = new CountingDynamo();

  @BeforeEach
  void table() {
    store.createTable(
        ACCESS_KEY,
        REGION,
        CreateTableRequest.builder()
            .tableName(TABLE)
            .attributeDefinitions(
                attribute("k", ScalarAttributeType.S),
                attribute("n", ScalarAttributeType.N),
                attribute("at", ScalarAttributeType.N))
            .keySchema(key("k", KeyType.HASH), key("n", KeyType.RANGE))
            .localSecondaryIndexes(
                LocalSecondaryIndex.builder()
                    .indexName("by-time")
                    .keySchema(key("k", KeyType.HASH), key("at", KeyType.RANGE))
                    .projection(Projection.builder().projectionType(ProjectionType.ALL).build())
                    .build())
            .billingMode(BillingMode.PAY_PER_REQUEST)
            .build());
  }

  @Test
  void aWriteCostsAUnitForEachStartedKilobyteOfEachItem() {
    put(item("a", 300));
    put(item("b", 1_500));
    store.batchWriteItem(
        ACCESS_KEY,
        REGION,
        BatchWriteItemRequest.builder()
            .requestItems(Map.of(TABLE, List.of(write(item("c", 300)), write(item("d", 2_500)))))
            .build());
    assertThat(store.requests().byKind())
        .containsOnly(
            Map.entry("PutItem", new Tally(2, 1 + 2)),
            Map.entry("BatchWriteItem", new Tally(1, 1 + 3)));
    assertThat(store.requests().readUnits()).isZero();
  }

  @Test
  void eachItemOfATransactionIsRoundedUpByItselfAndCostsTwice() {
    transact(put("e", 300, null), put("f", 300, null), put("g", 1_500, null));
    assertThat(store.requests().byKind())
        .containsOnly(Map.entry("TransactWriteItems", new Tally(1, 2 + 2 + 4)));
  }

  @Test
  void aReplacedItemCostsTheLargerOfOldAndNew() {
    put(item("a", 2_500));
    assertThat(writes(() -> put(item("a", 10)))).isEqualTo(3);
    assertThat(writes(() -> put(item("a", 3_500)))).isEqualTo(4);
  }

  @Test
  void anUpdatedItemCostsTheLargerOfOldAndNew() {
    put(item("a", 2_500));
    assertThat(writes(() -> update("a", 10))).isEqualTo(3);
    assertThat(writes(() -> update("a", 3_500))).isEqualTo(4);
  }

  @Test
  void aDeletionCostsTheSizeOfTheItemOrOneUnit() {
    put(item("a", 2_500));
    assertThat(writes(() -> delete("a"))).isEqualTo(3);
    assertThat(writes(() -> delete("a"))).isEqualTo(1);
  }

  @Test
  void aRefusedWriteCostsTheSizeOfTheStoredItem() {
    put(item("a", 2_500));
    assertThat(writes(() -> refused(item("a", 10), "attribute_not_exists(k)"))).isEqualTo(3);
    assertThat(writes(() -> refused(item("b", 2_500), "attribute_exists(k)"))).isEqualTo(1);
    assertThat(store.requests().byKind())
        .containsOnly(Map.entry("PutItem", new Tally(3, 3 + 3 + 1)));
  }

  @Test
  void aCancelledTransactionCostsAsMuchAsASuccessfulOne() {
    put(item("a", 10));
    double units =
        writes(
            () ->
                assertThatThrownBy(
                        () ->
                            transact(
                                put("a", 10, "attribute_not_exists(k)"), put("b", 1_500, null)))
                    .hasMessageContaining("cancelled"));
    assertThat(units).isEqualTo(2 + 4);
  }

  @Test
  void aReadCostsAUnitForEachStartedFourKilobytesAndHalfIfEventuallyConsistent() {
    put(item("a", 5_000));
    assertThat(reads(() -> get("a", true))).isEqualTo(2);
    assertThat(reads(() -> get("a", false))).isEqualTo(1);
    assertThat(reads(() -> query("a", true))).isEqualTo(2);
    assertThat(reads(() -> query("a", false))).isEqualTo(1);
  }

  @Test
  void aReadOfAMissingKeyCostsAUnit() {
    assertThat(reads(() -> get("a", true))).isEqualTo(1);
    assertThat(reads(() -> get("a", false))).isEqualTo(0.5);
  }

  @Test
  void eachItemOfABatchReadIsRoundedUpByItself() {
    put(item("a", 300));
    put(item("b", 300));
    assertThat(reads(() -> getAll(true, "a", "b", "c"))).isEqualTo(3);
    assertThat(reads(() -> getAll(false, "a", "b", "c"))).isEqualTo(1.5);
  }

  @Test
  void anItemThatATransactionReadsCostsTwice() {
    put(item("a", 5_000));
    assertThat(reads(() -> transactGet("a", "b"))).isEqualTo(4 + 2);
  }

  @Test
  void aQueryIsRoundedUpOnce() {
    for (int n = 0; n < 10; n++) {
      put(item("a", n, 500));
    }
    assertThat(reads(() -> query("a", true))).isEqualTo(2);
  }

  @Test
  void aQueryThatFindsNothingCostsAUnit() {
    assertThat(reads(() -> query("a", true))).isEqualTo(1);
    assertThat(reads(() -> query("a", false))).isEqualTo(0.5);
  }

  @Test
  void aQueryCostsAllItemsThatItExamines() {
    for (int n = 0; n < 10; n++) {
      put(item("a", n, 2_000));
    }
    QueryRequest all = queryOf("a", true);
    assertThat(reads(() -> query(all.toBuilder().projectionExpression("n").build()))).isEqualTo(5);
    assertThat(
            reads(
                () ->
                    query(
                        all.toBuilder()
                            .filterExpression("attribute_not_exists(#t)")
                            .expressionAttributeNames(Map.of("#t", "text"))
                            .build())))
        .isEqualTo(5);
    assertThat(reads(() -> query(all.toBuilder().limit(1).projectionExpression("n").build())))
        .isEqualTo(1);
  }

  @Test
  void aScanCostsAllItemsThatItExamines() {
    for (int n = 0; n < 10; n++) {
      put(item("a" + n, 2_000));
    }
    ScanRequest all =
        ScanRequest.builder()
            .tableName(TABLE)
            .projectionExpression("n")
            .filterExpression("k = :k")
            .expressionAttributeValues(Map.of(":k", AttributeValue.fromS("a1")))
            .build();
    assertThat(reads(() -> store.scan(ACCESS_KEY, REGION, all))).isEqualTo(2.5);
    assertThat(
            reads(
                () -> store.scan(ACCESS_KEY, REGION, all.toBuilder().consistentRead(true).build())))
        .isEqualTo(5);
  }

  @Test
  void anIndexEntryCostsAWriteWhenItIsPutAndWhenItIsRemoved() {
    assertThat(writes(() -> put(timed("a", 1, 1_500)))).isEqualTo(2 + 2);
    assertThat(writes(() -> put(timed("a", 1, 1_500)))).as("nothing changes").isEqualTo(2);
    assertThat(writes(() -> put(timed("a", 1, 2_500)))).as("the key stays").isEqualTo(3 + 3);
    assertThat(writes(() -> put(timed("a", 2, 300)))).as("the key moves").isEqualTo(3 + 3 + 1);
    assertThat(writes(() -> put(item("a", 300)))).as("it leaves the index").isEqualTo(1 + 1);
    assertThat(writes(() -> put(item("a", 400)))).as("it is not in the index").isEqualTo(1);
    put(timed("a", 1, 2_500));
    assertThat(writes(() -> delete("a"))).isEqualTo(3 + 3);
  }

  @Test
  void answersAreThoseOfTheStoreAlone() {
    put(item("a", 10));
    assertThat(
            store
                .putItem(
                    ACCESS_KEY,
                    REGION,
                    PutItemRequest.builder().tableName(TABLE).item(item("a", 10)).build())
                .hasAttributes())
        .isFalse();
    QueryRequest numbers = queryOf("a", true).toBuilder().projectionExpression("n").build();
    assertThat(store.query(ACCESS_KEY, REGION, numbers).items())
        .containsExactly(Map.of("n", AttributeValue.fromN("0")));
  }

  @Test
  void requestsAreWrittenAndParsedAsText() {
    StoreRequests storeRequests =
        new StoreRequests(Map.of("PutItem", new Tally(12, 15.0), "Query", new Tally(3, 1.5)));
    assertThat(StoreRequests.parse(storeRequests.toString())).isEqualTo(storeRequests);
    assertThat(StoreRequests.parse("")).isEqualTo(StoreRequests.NONE);
  }

  private double writes(Runnable request) {
    StoreRequests before = store.requests();
    request.run();
    return store.requests().since(before).writeUnits();
  }

  private double reads(Runnable request) {
    StoreRequests before = store.requests();
    request.run();
    return store.requests().since(before).readUnits();
  }

  private static AttributeDefinition attribute(String name, ScalarAttributeType type) {
    return AttributeDefinition.builder().attributeName(name).attributeType(type).build();
  }

  private static KeySchemaElement key(String name, KeyType type) {
    return KeySchemaElement.builder().attributeName(name).keyType(type).build();
  }

  private static Map<String, AttributeValue> key(String k) {
    return Map.of("k", AttributeValue.fromS(k), "n", AttributeValue.fromN("0"));
  }

  private static Map<String, AttributeValue> item(String k, int bytes) {
    return item(k, 0, bytes);
  }

  private static Map<String, AttributeValue> item(String k, int n, int bytes) {
    Map<String, AttributeValue> item = new HashMap<>();
    item.put("k", AttributeValue.fromS(k));
    item.put("n", AttributeValue.fromN(String.valueOf(n)));
    item.put("text", AttributeValue.fromS(".".repeat(bytes)));
    return item;
  }

  private static Map<String, AttributeValue> timed(String k, int at, int bytes) {
    Map<String, AttributeValue> item = item(k, bytes);
    item.put("at", AttributeValue.fromN(String.valueOf(at)));
    return item;
  }

  private void put(Map<String, AttributeValue> item) {
    store.putItem(ACCESS_KEY, REGION, PutItemRequest.builder().tableName(TABLE).item(item).build());
  }

  private void refused(Map<String, AttributeValue> item, String condition) {
    PutItemRequest request =
        PutItemRequest.builder().tableName(TABLE).item(item).conditionExpression(condition).build();
    assertThatThrownBy(() -> store.putItem(ACCESS_KEY, REGION, request))
        .hasMessageContaining("conditional request failed");
  }

  private void update(String k, int bytes) {
    store.updateItem(
        ACCESS_KEY,
        REGION,
        UpdateItemRequest.builder()
            .tableName(TABLE)
            .key(key(k))
            .updateExpression("SET #t = :t")
            .expressionAttributeNames(Map.of("#t", "text"))
            .expressionAttributeValues(Map.of(":t", AttributeValue.fromS(".".repeat(bytes))))
            .build());
  }

  private void delete(String k) {
    store.deleteItem(
        ACCESS_KEY, REGION, DeleteItemRequest.builder().tableName(TABLE).key(key(k)).build());
  }

  private void transact(TransactWriteItem... parts) {
    store.transactWriteItems(
        ACCESS_KEY, REGION, TransactWriteItemsRequest.builder().transactItems(parts).build());
  }

  private static TransactWriteItem put(String k, int bytes, @Nullable String condition) {
    return TransactWriteItem.builder()
        .put(
            Put.builder()
                .tableName(TABLE)
                .item(item(k, bytes))
                .conditionExpression(condition)
                .build())
        .build();
  }

  private static WriteRequest write(Map<String, AttributeValue> item) {
    return WriteRequest.builder().putRequest(PutRequest.builder().item(item).build()).build();
  }

  private void get(String k, boolean consistent) {
    store.getItem(
        ACCESS_KEY,
        REGION,
        GetItemRequest.builder().tableName(TABLE).key(key(k)).consistentRead(consistent).build());
  }

  private void getAll(boolean consistent, String... keys) {
    store.batchGetItem(
        ACCESS_KEY,
        REGION,
        BatchGetItemRequest.builder()
            .requestItems(
                Map.of(
                    TABLE,
                    KeysAndAttributes.builder()
                        .keys(List.of(keys).stream().map(CountingDynamoTest::key).toList())
                        .consistentRead(consistent)
                        .build()))
            .build());
  }

  private void transactGet(String... keys) {
    store.transactGetItems(
        ACCESS_KEY,
        REGION,
        TransactGetItemsRequest.builder()
            .transactItems(
                List.of(keys).stream()
                    .map(
                        k ->
                            TransactGetItem.builder()
                                .get(Get.builder().tableName(TABLE).key(key(k)).build())
                                .build())
                    .toList())
            .build());
  }

  private static QueryRequest queryOf(String k, boolean consistent) {
    return QueryRequest.builder()
        .tableName(TABLE)
        .keyConditionExpression("k = :k")
        .expressionAttributeValues(Map.of(":k", AttributeValue.fromS(k)))
        .consistentRead(consistent)
        .build();
  }

  private void query(String k, boolean consistent) {
    query(queryOf(k, consistent));
  }

  private void query(QueryRequest request) {
    store.query(ACCESS_KEY, REGION, request);
  }
}
