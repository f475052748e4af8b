package parley.bench.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import parley.bench.bill.Bill;
import parley.bench.bill.BillMeter;
import parley.bench.bill.CapacityUnits;
import parley.bench.bill.CapacityUnits.Consistency;
import parley.bench.bill.ItemSize;
import parley.bench.bill.TableShape;
import parley.bench.report.StoreRequests;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.BatchWriteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.BatchWriteItemResponse;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemResponse;
import software.amazon.awssdk.services.dynamodb.model.DeleteTableRequest;
import software.amazon.awssdk.services.dynamodb.model.DeleteTableResponse;
import software.amazon.awssdk.services.dynamodb.model.DescribeTableRequest;
import software.amazon.awssdk.services.dynamodb.model.Get;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.KeysAndAttributes;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.PutItemResponse;
import software.amazon.awssdk.services.dynamodb.model.QueryRequest;
import software.amazon.awssdk.services.dynamodb.model.QueryResponse;
import software.amazon.awssdk.services.dynamodb.model.ReturnValue;
import software.amazon.awssdk.services.dynamodb.model.ScanRequest;
import software.amazon.awssdk.services.dynamodb.model.ScanResponse;
import software.amazon.awssdk.services.dynamodb.model.Select;
import software.amazon.awssdk.services.dynamodb.model.TransactGetItem;
import software.amazon.awssdk.services.dynamodb.model.TransactGetItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactGetItemsResponse;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsResponse;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemResponse;
import software.amazon.dynamodb.services.exceptions.DynamoDBLocalServiceException;
import software.amazon.dynamodb.services.local.server.LocalDynamoDBRequestHandler;

/**
 * DynamoDB Local that also counts what DynamoDB would bill for each request on items. {@link
 * CapacityUnits} has the rules. The consumed capacity that DynamoDB Local itself reports is not
 * used: it is zero for missing keys, for queries without a result and for refused writes, and it
 * rounds up once for a whole transaction instead of once for each item. Requests on tables are not
 * counted.
 *
 * <p>The size of an item before a write, and of items that a read returns only in part, takes a
 * second request to DynamoDB Local. A concurrent write between the two requests would be billed
 * with the wrong size; each row of Parley has a single writer.
 */
public final class CountingDynamo extends LocalDynamoDBRequestHandler {
  private static final String REFUSED = "ConditionalCheckFailed";
  private static final String CANCELLED = "TransactionCanceled";

  private final Map<String, LongAdder> requests = new ConcurrentHashMap<>();
  private final Map<String, DoubleAdder> units = new ConcurrentHashMap<>();
  private final Map<String, TableShape> shapes = new ConcurrentHashMap<>();
  private final BillMeter meter = new BillMeter();

  /** Creates a database in memory that all clients share. */
  public CountingDynamo() {
    super(0, true, null, true, false);
  }

  /** Requests and units so far, by kind of request. */
  public StoreRequests requests() {
    Map<String, StoreRequests.Tally> all = new TreeMap<>();
    requests.forEach(
        (kind, count) -> {
          DoubleAdder used = units.get(kind);
          all.put(kind, new StoreRequests.Tally(count.sum(), used == null ? 0 : used.sum()));
        });
    return new StoreRequests(all);
  }

  /** Units so far, by entity, row and cause. */
  public Bill bill() {
    return meter.bill();
  }

  /** One write, alone or as a part of a batch or transaction. */
  private record Write(
      String table,
      TableShape shape,
      Map<String, AttributeValue> key,
      @Nullable Map<String, AttributeValue> before,
      @Nullable Map<String, AttributeValue> after) {}

  private void count(String kind, double used) {
    requests.computeIfAbsent(kind, none -> new LongAdder()).increment();
    units.computeIfAbsent(kind, none -> new DoubleAdder()).add(used);
  }

  private double billed(Write write, int factor) {
    return meter.written(write.table, write.shape, write.key, write.before, write.after, factor);
  }

  private static boolean hasCode(DynamoDBLocalServiceException e, String code) {
    return String.valueOf(e.getErrorCode()).contains(code);
  }

  private static <A> double sum(List<A> parts, ToDoubleFunction<A> used) {
    return parts.stream().mapToDouble(used).sum();
  }

  @Override
  public PutItemResponse putItem(String accessKey, String region, PutItemRequest request) {
    String table = request.tableName();
    TableShape shape = shape(accessKey, region, table);
    Map<String, AttributeValue> itemKey = shape.keyOf(request.item());
    try {
      PutItemResponse response =
          super.putItem(
              accessKey, region, request.toBuilder().returnValues(ReturnValue.ALL_OLD).build());
      Map<String, AttributeValue> before = response.hasAttributes() ? response.attributes() : null;
      count("PutItem", billed(new Write(table, shape, itemKey, before, request.item()), 1));
      return request.returnValues() == ReturnValue.ALL_OLD
          ? response
          : response.toBuilder().attributes(null).build();
    } catch (DynamoDBLocalServiceException e) {
      if (hasCode(e, REFUSED)) {
        Map<String, AttributeValue> stored = stored(accessKey, region, table, itemKey);
        count("PutItem", meter.refused(table, itemKey, stored, request.item()));
      }
      throw e;
    }
  }

  @Override
  public UpdateItemResponse updateItem(String accessKey, String region, UpdateItemRequest request) {
    String table = request.tableName();
    Map<String, AttributeValue> before = stored(accessKey, region, table, request.key());
    try {
      UpdateItemResponse response = super.updateItem(accessKey, region, request);
      Map<String, AttributeValue> after = stored(accessKey, region, table, request.key());
      TableShape shape = shape(accessKey, region, table);
      count("UpdateItem", billed(new Write(table, shape, request.key(), before, after), 1));
      return response;
    } catch (DynamoDBLocalServiceException e) {
      if (hasCode(e, REFUSED)) {
        count("UpdateItem", meter.refused(table, request.key(), before, before));
      }
      throw e;
    }
  }

  @Override
  public DeleteItemResponse deleteItem(String accessKey, String region, DeleteItemRequest request) {
    String table = request.tableName();
    try {
      DeleteItemResponse response =
          super.deleteItem(
              accessKey, region, request.toBuilder().returnValues(ReturnValue.ALL_OLD).build());
      Map<String, AttributeValue> before = response.hasAttributes() ? response.attributes() : null;
      TableShape shape = shape(accessKey, region, table);
      count("DeleteItem", billed(new Write(table, shape, request.key(), before, null), 1));
      return request.returnValues() == ReturnValue.ALL_OLD
          ? response
          : response.toBuilder().attributes(null).build();
    } catch (DynamoDBLocalServiceException e) {
      if (hasCode(e, REFUSED)) {
        Map<String, AttributeValue> stored = stored(accessKey, region, table, request.key());
        count("DeleteItem", meter.refused(table, request.key(), stored, null));
      }
      throw e;
    }
  }

  @Override
  public BatchWriteItemResponse batchWriteItem(
      String accessKey, String region, BatchWriteItemRequest request) {
    List<Write> writes = new ArrayList<>();
    request
        .requestItems()
        .forEach(
            (table, parts) ->
                parts.forEach(
                    part ->
                        writes.add(
                            part.putRequest() == null
                                ? delete(accessKey, region, table, part.deleteRequest().key())
                                : put(accessKey, region, table, part.putRequest().item()))));
    BatchWriteItemResponse response = super.batchWriteItem(accessKey, region, request);
    count("BatchWriteItem", sum(writes, write -> billed(write, 1)));
    return response;
  }

  @Override
  public TransactWriteItemsResponse transactWriteItems(
      String accessKey, String region, TransactWriteItemsRequest request) {
    List<Write> writes =
        request.transactItems().stream().map(part -> part(accessKey, region, part)).toList();
    try {
      TransactWriteItemsResponse response = super.transactWriteItems(accessKey, region, request);
      List<Write> written = new ArrayList<>(writes);
      for (int i = 0; i < writes.size(); i++) {
        if (request.transactItems().get(i).update() != null) {
          Write write = writes.get(i);
          Map<String, AttributeValue> after = stored(accessKey, region, write.table, write.key);
          written.set(i, new Write(write.table, write.shape, write.key, write.before, after));
        }
      }
      count("TransactWriteItems", sum(written, write -> billed(write, CapacityUnits.TRANSACTION)));
      return response;
    } catch (DynamoDBLocalServiceException e) {
      if (hasCode(e, CANCELLED)) {
        count(
            "TransactWriteItems",
            sum(
                writes,
                write -> meter.cancelled(write.table, write.key, write.before, write.after)));
      }
      throw e;
    }
  }

  /**
   * Converts a part of a transaction. A condition check or an update counts as an unchanged item
   * here.
   */
  private Write part(String accessKey, String region, TransactWriteItem part) {
    if (part.put() != null) {
      return put(accessKey, region, part.put().tableName(), part.put().item());
    }
    if (part.delete() != null) {
      return delete(accessKey, region, part.delete().tableName(), part.delete().key());
    }
    return part.update() != null
        ? unchanged(accessKey, region, part.update().tableName(), part.update().key())
        : unchanged(
            accessKey, region, part.conditionCheck().tableName(), part.conditionCheck().key());
  }

  private Write put(
      String accessKey, String region, String table, Map<String, AttributeValue> item) {
    TableShape shape = shape(accessKey, region, table);
    Map<String, AttributeValue> itemKey = shape.keyOf(item);
    return new Write(table, shape, itemKey, stored(accessKey, region, table, itemKey), item);
  }

  private Write delete(
      String accessKey, String region, String table, Map<String, AttributeValue> itemKey) {
    TableShape shape = shape(accessKey, region, table);
    return new Write(table, shape, itemKey, stored(accessKey, region, table, itemKey), null);
  }

  private Write unchanged(
      String accessKey, String region, String table, Map<String, AttributeValue> itemKey) {
    Map<String, AttributeValue> stored = stored(accessKey, region, table, itemKey);
    return new Write(table, shape(accessKey, region, table), itemKey, stored, stored);
  }

  @Override
  public GetItemResponse getItem(String accessKey, String region, GetItemRequest request) {
    GetItemResponse response = super.getItem(accessKey, region, request);
    Map<String, AttributeValue> item =
        stored(accessKey, region, request.tableName(), request.key());
    Consistency consistency = Consistency.of(request.consistentRead());
    count("GetItem", meter.read(request.tableName(), request.key(), item, consistency));
    return response;
  }

  @Override
  public BatchGetItemResponse batchGetItem(
      String accessKey, String region, BatchGetItemRequest request) {
    BatchGetItemResponse response = super.batchGetItem(accessKey, region, request);
    double used = 0;
    for (Map.Entry<String, KeysAndAttributes> table : request.requestItems().entrySet()) {
      Consistency consistency = Consistency.of(table.getValue().consistentRead());
      for (Map<String, AttributeValue> itemKey : table.getValue().keys()) {
        Map<String, AttributeValue> item = stored(accessKey, region, table.getKey(), itemKey);
        used += meter.read(table.getKey(), itemKey, item, consistency);
      }
    }
    count("BatchGetItem", used);
    return response;
  }

  @Override
  public TransactGetItemsResponse transactGetItems(
      String accessKey, String region, TransactGetItemsRequest request) {
    TransactGetItemsResponse response = super.transactGetItems(accessKey, region, request);
    count(
        "TransactGetItems",
        sum(
            request.transactItems(),
            (TransactGetItem part) -> {
              Get get = part.get();
              Map<String, AttributeValue> item =
                  stored(accessKey, region, get.tableName(), get.key());
              return meter.read(get.tableName(), get.key(), item, Consistency.TRANSACTIONAL);
            }));
    return response;
  }

  @Override
  public QueryResponse query(String accessKey, String region, QueryRequest request) {
    QueryResponse response = super.query(accessKey, region, request);
    List<Map<String, AttributeValue>> examined = response.items();
    int scanned = Objects.requireNonNullElse(response.scannedCount(), 0);
    boolean partial =
        request.projectionExpression() != null
            || request.hasAttributesToGet()
            || request.select() == Select.COUNT;
    if (scanned > 0 && (partial || scanned > examined.size())) {
      examined = super.query(accessKey, region, withAllAttributes(request, scanned)).items();
    }
    boolean keysOnly = partial && !String.valueOf(request.projectionExpression()).contains("pay");
    count(
        "Query",
        meter.queried(
            request.tableName(),
            partition(request),
            bytes(examined),
            Consistency.of(request.consistentRead()),
            keysOnly));
    return response;
  }

  /** Returns the same query for complete items, limited to those that it examined. */
  private static QueryRequest withAllAttributes(QueryRequest request, int scanned) {
    Map<String, AttributeValue> values = new HashMap<>(request.expressionAttributeValues());
    values.keySet().removeIf(name -> !uses(request.keyConditionExpression(), name));
    Map<String, String> names = new HashMap<>(request.expressionAttributeNames());
    names.keySet().removeIf(name -> !uses(request.keyConditionExpression(), name));
    return request.toBuilder()
        .projectionExpression(null)
        .attributesToGet((List<String>) null)
        .filterExpression(null)
        .select((String) null)
        .expressionAttributeValues(values.isEmpty() ? null : values)
        .expressionAttributeNames(names.isEmpty() ? null : names)
        .limit(scanned)
        .build();
  }

  private static boolean uses(@Nullable String expression, String name) {
    return expression != null && expression.matches(".*" + name + "\\b.*");
  }

  private static String partition(QueryRequest request) {
    return request.expressionAttributeValues().entrySet().stream()
        .filter(value -> uses(request.keyConditionExpression(), "=\\s*" + value.getKey()))
        .map(value -> value.getValue().s())
        .filter(Objects::nonNull)
        .findFirst()
        .orElse("");
  }

  @Override
  public ScanResponse scan(String accessKey, String region, ScanRequest request) {
    ScanResponse response = super.scan(accessKey, region, request);
    List<Map<String, AttributeValue>> examined = response.items();
    int scanned = Objects.requireNonNullElse(response.scannedCount(), 0);
    boolean partial =
        request.projectionExpression() != null
            || request.hasAttributesToGet()
            || request.select() == Select.COUNT;
    if (scanned > 0 && (partial || scanned > examined.size())) {
      ScanRequest complete =
          request.toBuilder()
              .projectionExpression(null)
              .attributesToGet((List<String>) null)
              .filterExpression(null)
              .select((String) null)
              .expressionAttributeValues(null)
              .expressionAttributeNames(null)
              .limit(scanned)
              .build();
      examined = super.scan(accessKey, region, complete).items();
    }
    Consistency consistency = Consistency.of(request.consistentRead());
    count("Scan", meter.scanned(request.tableName(), bytes(examined), consistency));
    return response;
  }

  private static long bytes(List<Map<String, AttributeValue>> items) {
    return items.stream().mapToLong(ItemSize::bytes).sum();
  }

  @Override
  public DeleteTableResponse deleteTable(
      String accessKey, String region, DeleteTableRequest request) {
    shapes.remove(request.tableName());
    return super.deleteTable(accessKey, region, request);
  }

  private TableShape shape(String accessKey, String region, String table) {
    return shapes.computeIfAbsent(
        table,
        name ->
            new TableShape(
                super.describeTable(
                        accessKey, region, DescribeTableRequest.builder().tableName(name).build())
                    .table()));
  }

  private @Nullable Map<String, AttributeValue> stored(
      String accessKey, String region, String table, Map<String, AttributeValue> itemKey) {
    GetItemResponse found =
        super.getItem(
            accessKey,
            region,
            GetItemRequest.builder().tableName(table).key(itemKey).consistentRead(true).build());
    return found.hasItem() ? found.item() : null;
  }
}
