package parley.store;

import com.amazonaws.AmazonServiceException;
import com.amazonaws.AmazonWebServiceRequest;
import com.amazonaws.Request;
import com.amazonaws.Response;
import com.amazonaws.SdkBaseException;
import com.amazonaws.handlers.HandlerAfterAttemptContext;
import com.amazonaws.handlers.HandlerBeforeAttemptContext;
import com.amazonaws.handlers.HandlerContextKey;
import com.amazonaws.handlers.RequestHandler2;
import com.amazonaws.retry.RetryUtils;
import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.amazonaws.services.dynamodbv2.model.BatchGetItemRequest;
import com.amazonaws.services.dynamodbv2.model.BatchGetItemResult;
import com.amazonaws.services.dynamodbv2.model.BatchWriteItemRequest;
import com.amazonaws.services.dynamodbv2.model.BatchWriteItemResult;
import com.amazonaws.services.dynamodbv2.model.ConditionalCheckFailedException;
import com.amazonaws.services.dynamodbv2.model.ConsumedCapacity;
import com.amazonaws.services.dynamodbv2.model.DeleteItemRequest;
import com.amazonaws.services.dynamodbv2.model.DeleteItemResult;
import com.amazonaws.services.dynamodbv2.model.GetItemRequest;
import com.amazonaws.services.dynamodbv2.model.GetItemResult;
import com.amazonaws.services.dynamodbv2.model.PutItemRequest;
import com.amazonaws.services.dynamodbv2.model.PutItemResult;
import com.amazonaws.services.dynamodbv2.model.QueryRequest;
import com.amazonaws.services.dynamodbv2.model.QueryResult;
import com.amazonaws.services.dynamodbv2.model.ReturnConsumedCapacity;
import com.amazonaws.services.dynamodbv2.model.ScanRequest;
import com.amazonaws.services.dynamodbv2.model.ScanResult;
import com.amazonaws.services.dynamodbv2.model.TransactionCanceledException;
import com.amazonaws.services.dynamodbv2.model.UpdateItemRequest;
import com.amazonaws.services.dynamodbv2.model.UpdateItemResult;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import parley.journal.JournalMeters;
import parley.telemetry.Buckets;
import parley.telemetry.ProcessMeters;

/**
 * Meters of the requests to DynamoDB, by {@code operation}, and the sizes of events. The AWS SDK
 * loads this handler into each of its clients, like {@link WriteGuard} and before it: that one
 * throws. Each request asks what it consumes, which costs nothing. A batch that {@link WriteGuard}
 * sends as a transaction counts as {@code batch_write_item}.
 *
 * <p>The consumed units are those of the answers. Amazon also bills writes whose condition fails,
 * and these answer with an error.
 */
public final class DynamoMeters extends RequestHandler2 {
  /** Timer: from a request to its result, with all attempts of the SDK. */
  static final String TIME = "parley.dynamodb.time";

  /**
   * Counter: requests by {@code outcome}: {@code ok}, {@code refused} (its condition failed),
   * {@code throttled}, {@code failed}.
   */
  static final String REQUESTS = "parley.dynamodb.requests";

  /** Counter: attempts that were throttled, and answers that left a part undone. */
  static final String THROTTLES = "parley.dynamodb.throttles";

  /** Counter: attempts after the first, by the SDK. */
  static final String RETRIES = "parley.dynamodb.retries";

  /** Counter: consumed capacity units; of reads or writes, as the operation is. */
  static final String UNITS = "parley.dynamodb.capacity.units";

  private static final String OTHER = "other";
  private static final List<String> OPERATIONS =
      List.of(
          "put_item",
          "batch_write_item",
          "update_item",
          "delete_item",
          "get_item",
          "batch_get_item",
          "query",
          "scan",
          OTHER);
  private static final List<String> OUTCOMES = List.of("ok", "refused", "throttled", "failed");
  private static final String TOTAL = ReturnConsumedCapacity.TOTAL.toString();

  /** What stands before the persistence id in the key of an event, and what after it. */
  private static final String KEY_PREFIX = DynamoStore.JOURNAL_NAME + "-P-";

  private static final HandlerContextKey<Long> START = new HandlerContextKey<>("parley.start");
  private static final HandlerContextKey<Boolean> TRIED = new HandlerContextKey<>("parley.tried");

  private record Operation(
      Timer time,
      Map<String, Counter> outcomes,
      Counter throttles,
      Counter retries,
      Counter units) {}

  private static final Map<String, Operation> METERS = meters(ProcessMeters.registry());

  /** Called by the SDK for each client. */
  public DynamoMeters() {}

  private static Map<String, Operation> meters(MeterRegistry registry) {
    Map<String, Operation> all = new HashMap<>();
    for (String name : OPERATIONS) {
      Tags tags = Tags.of("operation", name);
      Map<String, Counter> outcomes = new HashMap<>();
      for (String outcome : OUTCOMES) {
        outcomes.put(outcome, registry.counter(REQUESTS, tags.and("outcome", outcome)));
      }
      all.put(
          name,
          new Operation(
              Buckets.timer(registry, TIME, tags),
              Map.copyOf(outcomes),
              registry.counter(THROTTLES, tags),
              registry.counter(RETRIES, tags),
              registry.counter(UNITS, tags)));
    }
    return Map.copyOf(all);
  }

  @Override
  public AmazonWebServiceRequest beforeExecution(AmazonWebServiceRequest request) {
    return switch (request) {
      case PutItemRequest put -> put.withReturnConsumedCapacity(TOTAL);
      case BatchWriteItemRequest batch -> batch.withReturnConsumedCapacity(TOTAL);
      case UpdateItemRequest update -> update.withReturnConsumedCapacity(TOTAL);
      case DeleteItemRequest delete -> delete.withReturnConsumedCapacity(TOTAL);
      case GetItemRequest get -> get.withReturnConsumedCapacity(TOTAL);
      case BatchGetItemRequest batch -> batch.withReturnConsumedCapacity(TOTAL);
      case QueryRequest query -> query.withReturnConsumedCapacity(TOTAL);
      case ScanRequest scan -> scan.withReturnConsumedCapacity(TOTAL);
      default -> request;
    };
  }

  @Override
  public void beforeRequest(Request<?> request) {
    request.addHandlerContext(START, System.nanoTime());
  }

  @Override
  public void beforeAttempt(HandlerBeforeAttemptContext context) {
    if (context.getRequest().getHandlerContext(TRIED) != null) {
      of(context.getRequest()).retries().increment();
    }
    context.getRequest().addHandlerContext(TRIED, true);
  }

  @Override
  public void afterAttempt(HandlerAfterAttemptContext context) {
    if (isThrottling(context.getException())) {
      of(context.getRequest()).throttles().increment();
    }
  }

  @Override
  public void afterResponse(Request<?> request, Response<?> response) {
    Operation operation = of(request);
    ended(request, operation, "ok");
    operation.units().increment(units(response.getAwsResponse()));
    if (isUndone(response.getAwsResponse())) {
      operation.throttles().increment();
    }
    events(request.getOriginalRequest())
        .forEach(item -> JournalMeters.ofProcess().event(persistenceId(item), bytes(item)));
  }

  @Override
  public void afterError(Request<?> request, Response<?> response, Exception e) {
    boolean refused =
        e instanceof ConditionalCheckFailedException || e instanceof TransactionCanceledException;
    ended(request, of(request), isThrottling(e) ? "throttled" : refused ? "refused" : "failed");
  }

  private static void ended(Request<?> request, Operation operation, String outcome) {
    Objects.requireNonNull(operation.outcomes().get(outcome)).increment();
    Long start = request.getHandlerContext(START);
    if (start != null) {
      operation.time().record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
    }
  }

  private static boolean isThrottling(@Nullable Exception e) {
    return e instanceof AmazonServiceException
        && RetryUtils.isThrottlingException((SdkBaseException) e);
  }

  /** Whether the answer says that a part of a batch was not done. */
  private static boolean isUndone(@Nullable Object result) {
    @Nullable Map<?, ?> left =
        switch (result) {
          case BatchWriteItemResult batch -> batch.getUnprocessedItems();
          case BatchGetItemResult batch -> batch.getUnprocessedKeys();
          case null -> null;
          default -> null;
        };
    return left != null && !left.isEmpty();
  }

  private static Operation of(Request<?> request) {
    String name =
        switch (request.getOriginalRequest()) {
          case PutItemRequest put -> "put_item";
          case BatchWriteItemRequest batch -> "batch_write_item";
          case UpdateItemRequest update -> "update_item";
          case DeleteItemRequest delete -> "delete_item";
          case GetItemRequest get -> "get_item";
          case BatchGetItemRequest batch -> "batch_get_item";
          case QueryRequest query -> "query";
          case ScanRequest scan -> "scan";
          default -> OTHER;
        };
    return Objects.requireNonNull(METERS.get(name));
  }

  private static double units(@Nullable Object result) {
    return switch (result) {
      case PutItemResult put -> units(put.getConsumedCapacity());
      case UpdateItemResult update -> units(update.getConsumedCapacity());
      case DeleteItemResult delete -> units(delete.getConsumedCapacity());
      case GetItemResult get -> units(get.getConsumedCapacity());
      case QueryResult query -> units(query.getConsumedCapacity());
      case ScanResult scan -> units(scan.getConsumedCapacity());
      case BatchWriteItemResult batch -> units(batch.getConsumedCapacity());
      case BatchGetItemResult batch -> units(batch.getConsumedCapacity());
      case null -> 0;
      default -> 0;
    };
  }

  private static double units(@Nullable List<ConsumedCapacity> tables) {
    return tables == null ? 0 : tables.stream().mapToDouble(DynamoMeters::units).sum();
  }

  private static double units(@Nullable ConsumedCapacity table) {
    Double units = table == null ? null : table.getCapacityUnits();
    return units == null ? 0 : units;
  }

  private static Stream<Map<String, AttributeValue>> events(AmazonWebServiceRequest request) {
    return switch (request) {
      case PutItemRequest put -> Stream.of(put.getItem()).filter(WriteGuard::isEvent);
      case BatchWriteItemRequest batch ->
          batch.getRequestItems().values().stream()
              .flatMap(List::stream)
              .filter(row -> row.getPutRequest() != null)
              .map(row -> row.getPutRequest().getItem())
              .filter(WriteGuard::isEvent);
      default -> Stream.empty();
    };
  }

  /** The persistence id in {@code journal-P-ID-PARTITION}. */
  private static String persistenceId(Map<String, AttributeValue> item) {
    AttributeValue value = item.get("par");
    String key = value == null || value.getS() == null ? "" : value.getS();
    return key.startsWith(KEY_PREFIX) ? key.substring(KEY_PREFIX.length()) : key;
  }

  private static int bytes(Map<String, AttributeValue> item) {
    int bytes = 0;
    for (AttributeValue value : item.values()) {
      bytes += value.getB() == null ? 0 : value.getB().remaining();
    }
    return bytes;
  }
}
