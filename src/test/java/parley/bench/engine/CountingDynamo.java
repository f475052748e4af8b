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
 * What DynamoDB Local does with items, and what DynamoDB would bill for it. The rules are those of
 * {@link CapacityUnits}; what DynamoDB Local itself says of consumed capacity is not used, because
 * it takes nothing for keys that are not there, for queries that find nothing and for writes that
 * are refused, and rounds the items of a transaction together. Tables are not counted.
 *
 * <p>To know the size of an item before a write, or of items of which a read returns only a part,
 * this class asks DynamoDB Local once more. A write of somebody else between the two would be
 * billed with the wrong size; a row of Parley has one writer.
 */
public final class CountingDynamo extends LocalDynamoDBRequestHandler {
  private static final String REFUSED = "ConditionalCheckFailed";
  private static final String CANCELLED = "TransactionCanceled";

  private final Map<String, LongAdder> requests = new ConcurrentHashMap<>();
  private final Map<String, DoubleAdder> units = new ConcurrentHashMap<>();
  private final Map<String, TableShape> shapes = new ConcurrentHashMap<>();
  private final BillMeter meter = new BillMeter();

  /** A database in memory, shared by all clients. */
  public CountingDynamo() {
    super(0, true, null, true, false);
  }

  /** Requests and units so far, by kind of request. */
  public StoreRequests asked() {
    Map<String, StoreRequests.Tally> all = new TreeMap<>();
    requests.forEach(
        (kind, count) -> {
          DoubleAdder used = units.get(kind);
          all.put(kind, new StoreRequests.Tally(count.sum(), used == null ? 0 : used.sum()));
        });
    return new StoreRequests(all);
  }

  /** Units so far, by what they were spent on. */
  public Bill bill() {
    return meter.bill();
  }

  /** One write, of a request of its own or of a batch or transaction. */
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

  private double done(Write write, int factor) {
    return meter.written(write.table, write.shape, write.key, write.before, write.after, factor);
  }

  private static boolean is(DynamoDBLocalServiceException e, String code) {
    return String.valueOf(e.getErrorCode()).contains(code);
  }

  private static <A> double sum(List<A> parts, ToDoubleFunction<A> used) {
    return parts.stream().mapToDouble(used).sum();
  }

  @Override
  public PutItemResponse putItem(String key, String region, PutItemRequest request) {
    String table = request.tableName();
    TableShape shape = shape(key, region, table);
    Map<String, AttributeValue> place = shape.keyOf(request.item());
    try {
      PutItemResponse answer =
          super.putItem(key, region, request.toBuilder().returnValues(ReturnValue.ALL_OLD).build());
      Map<String, AttributeValue> before = answer.hasAttributes() ? answer.attributes() : null;
      count("PutItem", done(new Write(table, shape, place, before, request.item()), 1));
      return request.returnValues() == ReturnValue.ALL_OLD
          ? answer
          : answer.toBuilder().attributes(null).build();
    } catch (DynamoDBLocalServiceException e) {
      if (is(e, REFUSED)) {
        Map<String, AttributeValue> stored = stored(key, region, table, place);
        count("PutItem", meter.refused(table, place, stored, request.item()));
      }
      throw e;
    }
  }

  @Override
  public UpdateItemResponse updateItem(String key, String region, UpdateItemRequest request) {
    String table = request.tableName();
    Map<String, AttributeValue> before = stored(key, region, table, request.key());
    try {
      UpdateItemResponse answer = super.updateItem(key, region, request);
      Map<String, AttributeValue> after = stored(key, region, table, request.key());
      TableShape shape = shape(key, region, table);
      count("UpdateItem", done(new Write(table, shape, request.key(), before, after), 1));
      return answer;
    } catch (DynamoDBLocalServiceException e) {
      if (is(e, REFUSED)) {
        count("UpdateItem", meter.refused(table, request.key(), before, before));
      }
      throw e;
    }
  }

  @Override
  public DeleteItemResponse deleteItem(String key, String region, DeleteItemRequest request) {
    String table = request.tableName();
    try {
      DeleteItemResponse answer =
          super.deleteItem(
              key, region, request.toBuilder().returnValues(ReturnValue.ALL_OLD).build());
      Map<String, AttributeValue> before = answer.hasAttributes() ? answer.attributes() : null;
      TableShape shape = shape(key, region, table);
      count("DeleteItem", done(new Write(table, shape, request.key(), before, null), 1));
      return request.returnValues() == ReturnValue.ALL_OLD
          ? answer
          : answer.toBuilder().attributes(null).build();
    } catch (DynamoDBLocalServiceException e) {
      if (is(e, REFUSED)) {
        Map<String, AttributeValue> stored = stored(key, region, table, request.key());
        count("DeleteItem", meter.refused(table, request.key(), stored, null));
      }
      throw e;
    }
  }

  @Override
  public BatchWriteItemResponse batchWriteItem(
      String key, String region, BatchWriteItemRequest request) {
    List<Write> writes = new ArrayList<>();
    request
        .requestItems()
        .forEach(
            (table, parts) ->
                parts.forEach(
                    part ->
                        writes.add(
                            part.putRequest() == null
                                ? delete(key, region, table, part.deleteRequest().key())
                                : put(key, region, table, part.putRequest().item()))));
    BatchWriteItemResponse answer = super.batchWriteItem(key, region, request);
    count("BatchWriteItem", sum(writes, write -> done(write, 1)));
    return answer;
  }

  @Override
  public TransactWriteItemsResponse transactWriteItems(
      String key, String region, TransactWriteItemsRequest request) {
    List<Write> writes =
        request.transactItems().stream().map(part -> part(key, region, part)).toList();
    try {
      TransactWriteItemsResponse answer = super.transactWriteItems(key, region, request);
      List<Write> written = new ArrayList<>(writes);
      for (int i = 0; i < writes.size(); i++) {
        if (request.transactItems().get(i).update() != null) {
          Write write = writes.get(i);
          Map<String, AttributeValue> after = stored(key, region, write.table, write.key);
          written.set(i, new Write(write.table, write.shape, write.key, write.before, after));
        }
      }
      count("TransactWriteItems", sum(written, write -> done(write, CapacityUnits.TRANSACTION)));
      return answer;
    } catch (DynamoDBLocalServiceException e) {
      if (is(e, CANCELLED)) {
        count(
            "TransactWriteItems",
            sum(
                writes,
                write -> meter.cancelled(write.table, write.key, write.before, write.after)));
      }
      throw e;
    }
  }

  /** A part of a transaction; a check or an update as if the item stayed as it is. */
  private Write part(String key, String region, TransactWriteItem part) {
    if (part.put() != null) {
      return put(key, region, part.put().tableName(), part.put().item());
    }
    if (part.delete() != null) {
      return delete(key, region, part.delete().tableName(), part.delete().key());
    }
    return part.update() != null
        ? unchanged(key, region, part.update().tableName(), part.update().key())
        : unchanged(key, region, part.conditionCheck().tableName(), part.conditionCheck().key());
  }

  private Write put(String key, String region, String table, Map<String, AttributeValue> item) {
    TableShape shape = shape(key, region, table);
    Map<String, AttributeValue> place = shape.keyOf(item);
    return new Write(table, shape, place, stored(key, region, table, place), item);
  }

  private Write delete(String key, String region, String table, Map<String, AttributeValue> place) {
    TableShape shape = shape(key, region, table);
    return new Write(table, shape, place, stored(key, region, table, place), null);
  }

  private Write unchanged(
      String key, String region, String table, Map<String, AttributeValue> place) {
    Map<String, AttributeValue> stored = stored(key, region, table, place);
    return new Write(table, shape(key, region, table), place, stored, stored);
  }

  @Override
  public GetItemResponse getItem(String key, String region, GetItemRequest request) {
    GetItemResponse answer = super.getItem(key, region, request);
    Map<String, AttributeValue> item = stored(key, region, request.tableName(), request.key());
    Consistency consistency = Consistency.of(request.consistentRead());
    count("GetItem", meter.read(request.tableName(), request.key(), item, consistency));
    return answer;
  }

  @Override
  public BatchGetItemResponse batchGetItem(String key, String region, BatchGetItemRequest request) {
    BatchGetItemResponse answer = super.batchGetItem(key, region, request);
    double used = 0;
    for (Map.Entry<String, KeysAndAttributes> table : request.requestItems().entrySet()) {
      Consistency consistency = Consistency.of(table.getValue().consistentRead());
      for (Map<String, AttributeValue> place : table.getValue().keys()) {
        Map<String, AttributeValue> item = stored(key, region, table.getKey(), place);
        used += meter.read(table.getKey(), place, item, consistency);
      }
    }
    count("BatchGetItem", used);
    return answer;
  }

  @Override
  public TransactGetItemsResponse transactGetItems(
      String key, String region, TransactGetItemsRequest request) {
    TransactGetItemsResponse answer = super.transactGetItems(key, region, request);
    count(
        "TransactGetItems",
        sum(
            request.transactItems(),
            (TransactGetItem part) -> {
              Get get = part.get();
              Map<String, AttributeValue> item = stored(key, region, get.tableName(), get.key());
              return meter.read(get.tableName(), get.key(), item, Consistency.TRANSACTIONAL);
            }));
    return answer;
  }

  @Override
  public QueryResponse query(String key, String region, QueryRequest request) {
    QueryResponse answer = super.query(key, region, request);
    List<Map<String, AttributeValue>> looked = answer.items();
    int scanned = Objects.requireNonNullElse(answer.scannedCount(), 0);
    boolean partly =
        request.projectionExpression() != null
            || request.hasAttributesToGet()
            || request.select() == Select.COUNT;
    if (scanned > 0 && (partly || scanned > looked.size())) {
      looked = super.query(key, region, whole(request, scanned)).items();
    }
    boolean keysOnly = partly && !String.valueOf(request.projectionExpression()).contains("pay");
    count(
        "Query",
        meter.queried(
            request.tableName(),
            partition(request),
            bytes(looked),
            Consistency.of(request.consistentRead()),
            keysOnly));
    return answer;
  }

  /** The same query, for the whole of the items that it has looked at. */
  private static QueryRequest whole(QueryRequest request, int scanned) {
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
  public ScanResponse scan(String key, String region, ScanRequest request) {
    ScanResponse answer = super.scan(key, region, request);
    List<Map<String, AttributeValue>> looked = answer.items();
    int scanned = Objects.requireNonNullElse(answer.scannedCount(), 0);
    boolean partly =
        request.projectionExpression() != null
            || request.hasAttributesToGet()
            || request.select() == Select.COUNT;
    if (scanned > 0 && (partly || scanned > looked.size())) {
      ScanRequest whole =
          request.toBuilder()
              .projectionExpression(null)
              .attributesToGet((List<String>) null)
              .filterExpression(null)
              .select((String) null)
              .expressionAttributeValues(null)
              .expressionAttributeNames(null)
              .limit(scanned)
              .build();
      looked = super.scan(key, region, whole).items();
    }
    Consistency consistency = Consistency.of(request.consistentRead());
    count("Scan", meter.scanned(request.tableName(), bytes(looked), consistency));
    return answer;
  }

  private static long bytes(List<Map<String, AttributeValue>> items) {
    return items.stream().mapToLong(ItemSize::bytes).sum();
  }

  @Override
  public DeleteTableResponse deleteTable(String key, String region, DeleteTableRequest request) {
    shapes.remove(request.tableName());
    return super.deleteTable(key, region, request);
  }

  private TableShape shape(String key, String region, String table) {
    return shapes.computeIfAbsent(
        table,
        name ->
            new TableShape(
                super.describeTable(
                        key, region, DescribeTableRequest.builder().tableName(name).build())
                    .table()));
  }

  private @Nullable Map<String, AttributeValue> stored(
      String key, String region, String table, Map<String, AttributeValue> place) {
    GetItemResponse found =
        super.getItem(
            key,
            region,
            GetItemRequest.builder().tableName(table).key(place).consistentRead(true).build());
    return found.hasItem() ? found.item() : null;
  }
}
