package parley.bench.engine;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import parley.bench.report.StoreRequests;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.BatchWriteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.BatchWriteItemResponse;
import software.amazon.awssdk.services.dynamodb.model.ConsumedCapacity;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemResponse;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.PutItemResponse;
import software.amazon.awssdk.services.dynamodb.model.QueryRequest;
import software.amazon.awssdk.services.dynamodb.model.QueryResponse;
import software.amazon.awssdk.services.dynamodb.model.ReturnConsumedCapacity;
import software.amazon.awssdk.services.dynamodb.model.ScanRequest;
import software.amazon.awssdk.services.dynamodb.model.ScanResponse;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsResponse;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemResponse;
import software.amazon.dynamodb.services.local.server.LocalDynamoDBRequestHandler;

/**
 * What DynamoDB Local does with items, and how often and for how many capacity units: it is asked
 * for the capacity of each request, which it reckons by DynamoDB's rules, whether or not the
 * program asked. A request that is refused counts as one of no units. Tables are not counted.
 */
public final class CountingDynamo extends LocalDynamoDBRequestHandler {
  private static final ReturnConsumedCapacity TOTAL = ReturnConsumedCapacity.TOTAL;

  private final Map<String, LongAdder> requests = new ConcurrentHashMap<>();
  private final Map<String, DoubleAdder> units = new ConcurrentHashMap<>();

  /** In memory, one database whoever asks. */
  public CountingDynamo() {
    super(0, true, null, true, false);
  }

  /** Everything so far. */
  public StoreRequests asked() {
    Map<String, StoreRequests.Tally> all = new TreeMap<>();
    requests.forEach(
        (kind, count) -> {
          DoubleAdder used = units.get(kind);
          all.put(kind, new StoreRequests.Tally(count.sum(), used == null ? 0 : used.sum()));
        });
    return new StoreRequests(all);
  }

  private <A> A count(
      String kind,
      Supplier<A> request,
      Function<A, ? extends @Nullable Collection<ConsumedCapacity>> used) {
    requests.computeIfAbsent(kind, none -> new LongAdder()).increment();
    A answer = request.get();
    Collection<ConsumedCapacity> capacity = used.apply(answer);
    if (capacity != null) {
      DoubleAdder sum = units.computeIfAbsent(kind, none -> new DoubleAdder());
      capacity.forEach(one -> sum.add(one.capacityUnits()));
    }
    return answer;
  }

  private static List<ConsumedCapacity> one(@Nullable ConsumedCapacity capacity) {
    return capacity == null ? List.of() : List.of(capacity);
  }

  @Override
  public PutItemResponse putItem(String key, String region, PutItemRequest request) {
    PutItemRequest asking = request.toBuilder().returnConsumedCapacity(TOTAL).build();
    return count(
        "PutItem", () -> super.putItem(key, region, asking), got -> one(got.consumedCapacity()));
  }

  @Override
  public UpdateItemResponse updateItem(String key, String region, UpdateItemRequest request) {
    UpdateItemRequest asking = request.toBuilder().returnConsumedCapacity(TOTAL).build();
    return count(
        "UpdateItem",
        () -> super.updateItem(key, region, asking),
        got -> one(got.consumedCapacity()));
  }

  @Override
  public DeleteItemResponse deleteItem(String key, String region, DeleteItemRequest request) {
    DeleteItemRequest asking = request.toBuilder().returnConsumedCapacity(TOTAL).build();
    return count(
        "DeleteItem",
        () -> super.deleteItem(key, region, asking),
        got -> one(got.consumedCapacity()));
  }

  @Override
  public BatchWriteItemResponse batchWriteItem(
      String key, String region, BatchWriteItemRequest request) {
    BatchWriteItemRequest asking = request.toBuilder().returnConsumedCapacity(TOTAL).build();
    return count(
        "BatchWriteItem",
        () -> super.batchWriteItem(key, region, asking),
        BatchWriteItemResponse::consumedCapacity);
  }

  @Override
  public TransactWriteItemsResponse transactWriteItems(
      String key, String region, TransactWriteItemsRequest request) {
    TransactWriteItemsRequest asking = request.toBuilder().returnConsumedCapacity(TOTAL).build();
    return count(
        "TransactWriteItems",
        () -> super.transactWriteItems(key, region, asking),
        TransactWriteItemsResponse::consumedCapacity);
  }

  @Override
  public GetItemResponse getItem(String key, String region, GetItemRequest request) {
    GetItemRequest asking = request.toBuilder().returnConsumedCapacity(TOTAL).build();
    return count(
        "GetItem", () -> super.getItem(key, region, asking), got -> one(got.consumedCapacity()));
  }

  @Override
  public BatchGetItemResponse batchGetItem(String key, String region, BatchGetItemRequest request) {
    BatchGetItemRequest asking = request.toBuilder().returnConsumedCapacity(TOTAL).build();
    return count(
        "BatchGetItem",
        () -> super.batchGetItem(key, region, asking),
        BatchGetItemResponse::consumedCapacity);
  }

  @Override
  public QueryResponse query(String key, String region, QueryRequest request) {
    QueryRequest asking = request.toBuilder().returnConsumedCapacity(TOTAL).build();
    return count(
        "Query", () -> super.query(key, region, asking), got -> one(got.consumedCapacity()));
  }

  @Override
  public ScanResponse scan(String key, String region, ScanRequest request) {
    ScanRequest asking = request.toBuilder().returnConsumedCapacity(TOTAL).build();
    return count("Scan", () -> super.scan(key, region, asking), got -> one(got.consumedCapacity()));
  }
}
