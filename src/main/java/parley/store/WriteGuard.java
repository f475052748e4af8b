package parley.store;

import com.amazonaws.AmazonWebServiceRequest;
import com.amazonaws.Request;
import com.amazonaws.Response;
import com.amazonaws.handlers.RequestHandler2;
import com.amazonaws.protocol.json.JsonClientMetadata;
import com.amazonaws.protocol.json.SdkJsonProtocolFactory;
import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.amazonaws.services.dynamodbv2.model.BatchWriteItemRequest;
import com.amazonaws.services.dynamodbv2.model.BatchWriteItemResult;
import com.amazonaws.services.dynamodbv2.model.CancellationReason;
import com.amazonaws.services.dynamodbv2.model.ConditionalCheckFailedException;
import com.amazonaws.services.dynamodbv2.model.ProvisionedThroughputExceededException;
import com.amazonaws.services.dynamodbv2.model.Put;
import com.amazonaws.services.dynamodbv2.model.PutItemRequest;
import com.amazonaws.services.dynamodbv2.model.ReturnConsumedCapacity;
import com.amazonaws.services.dynamodbv2.model.TransactWriteItem;
import com.amazonaws.services.dynamodbv2.model.TransactWriteItemsRequest;
import com.amazonaws.services.dynamodbv2.model.TransactionCanceledException;
import com.amazonaws.services.dynamodbv2.model.TransactionConflictException;
import com.amazonaws.services.dynamodbv2.model.TransactionInProgressException;
import com.amazonaws.services.dynamodbv2.model.WriteRequest;
import com.amazonaws.services.dynamodbv2.model.transform.TransactWriteItemsRequestProtocolMarshaller;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;

/**
 * The last line of defence against two writers of one entity: no writer ever replaces an event of
 * another writer.
 *
 * <p>The cluster gives each entity one writer. A long pause of a process or a network partition can
 * still leave two writers for a while. The journal plugin's writes carry no condition: both writes
 * would succeed, and the second event would silently replace the first, which users have seen
 * acknowledged. This handler is loaded by the AWS SDK into each of its DynamoDB clients (the class
 * path resource {@code request.handler2s}) and adds the condition
 *
 * <pre>  attribute_not_exists(par) OR writer_uuid = :writer</pre>
 *
 * to each event. Each incarnation of an entity has its own {@code writer_uuid}. An incarnation has
 * one write in flight at a time and never tries a sequence number again after a failure. So a
 * sequence number and a {@code writer_uuid} identify one content. Therefore a repetition after a
 * lost answer succeeds (it writes what is stored already), and a write of any other writer at that
 * number fails. The losing entity stops. When it is needed again, it reads the journal and finds
 * the winner's event. A write that timed out and arrives late is either found by that read or fails
 * itself; a retry of the user is then a duplicate or is stored once.
 *
 * <p><b>Batches.</b> The plugin writes every hundredth event together with a high mark, and several
 * events of one command, by {@code BatchWriteItem}. A batch supports no condition and may be done
 * in part, and the plugin reports some partial batches as done. This class sends a batch with
 * events as one {@code TransactWriteItems} instead: all of its rows under their conditions, or
 * none. So an event is reported as stored only together with its mark, and no mark stands without
 * its event. Rejected: writing the events first and the batch behind them, because a crash between
 * the two would leave only one of them.
 *
 * <p><b>Marks.</b> High and low marks only grow ({@code attribute_not_exists(par) OR seq <= :seq}):
 * a late repetition must not undo a newer mark.
 *
 * <p><b>Throttling is no refusal.</b> A transaction is also cancelled where the table is throttled
 * or another transaction has the same row. That becomes a throttling error, which the plugin
 * repeats. Only a failed condition is a refusal, and it is final.
 *
 * <p><b>What needs no guard.</b> A snapshot at n is a function of the events 1 to n, and a writer
 * takes one only after its own event n was stored under this guard, so snapshots of two writers at
 * n are equal, and a late snapshot is only older, never wrong (the newest is read). A number whose
 * event was deleted counts as free: a conversation deletes what it has archived, a user and an
 * account what an older snapshot covers, all at least a day old, and a bucket of the calendar
 * deletes what nobody writes any more. (The stores of sharding delete too, but late: a node would
 * have to miss a thousand of their updates.)
 *
 * <p>Prior work: DynamoDB's own guide uses conditional writes for optimistic locking. Pekko
 * Persistence's replay filter recognizes a second writer by its identity when it reads; this class
 * does so when it writes.
 */
public final class WriteGuard extends RequestHandler2 {
  /**
   * A system property: {@code off} lets writes through without a condition. For tests that show
   * what is lost then.
   */
  static final String PROPERTY = "parley.store.guard";

  private static final String EVENT_CONDITION =
      "attribute_not_exists(par) OR writer_uuid = :writer";
  private static final String MARK_CONDITION = "attribute_not_exists(par) OR seq <= :seq";
  private static final String WRITER = "writer_uuid";

  /**
   * Attributes by which the plugin recognizes the events of one command. The plugin reads none of
   * these events if one is missing, even if that one was removed or lies before a snapshot. A
   * transaction leaves no such gaps, so it does not need them.
   */
  private static final Set<String> MULTI_EVENT_ATTRIBUTES = Set.of("idx", "cnt");

  /** Codes of a cancelled transaction that may succeed if it is repeated. */
  private static final Set<String> RETRYABLE_REASONS =
      Set.of(
          "ThrottlingError",
          "ProvisionedThroughputExceeded",
          "RequestLimitExceeded",
          "TransactionConflict");

  private static final LongAdder REFUSALS = new LongAdder();
  private static final LongAdder REPEATED_TRANSACTIONS = new LongAdder();

  /** Writes requests as the SDK's own client does. */
  private static final TransactWriteItemsRequestProtocolMarshaller MARSHALLER =
      new TransactWriteItemsRequestProtocolMarshaller(
          new SdkJsonProtocolFactory(
              new JsonClientMetadata()
                  .withProtocolVersion("1.0")
                  .withSupportsCbor(false)
                  .withSupportsIon(false)));

  /** Called by the SDK for each client. */
  public WriteGuard() {}

  @Override
  public AmazonWebServiceRequest beforeMarshalling(AmazonWebServiceRequest request) {
    if (request instanceof PutItemRequest put && isOn()) {
      Map<String, AttributeValue> item = put.getItem();
      if (isEvent(item)) {
        return put.withConditionExpression(EVENT_CONDITION)
            .withExpressionAttributeValues(Map.of(":writer", item.get(WRITER)));
      }
      if (isMark(item)) {
        return put.withConditionExpression(MARK_CONDITION)
            .withExpressionAttributeValues(Map.of(":seq", item.get("seq")));
      }
    }
    return request;
  }

  /**
   * Turns a batch with events into a transaction. The operation is in a header, and the SDK signs
   * and sends the request as it is after this method.
   */
  @Override
  public void beforeRequest(Request<?> request) {
    if (request.getOriginalRequest() instanceof BatchWriteItemRequest batch
        && isOn()
        && writesEvents(batch)) {
      Request<TransactWriteItemsRequest> transaction =
          MARSHALLER.marshall(
              new TransactWriteItemsRequest()
                  .withReturnConsumedCapacity(ReturnConsumedCapacity.TOTAL)
                  .withTransactItems(transactionItems(batch)));
      request.setContent(transaction.getContent());
      transaction.getHeaders().forEach(request::addHeader);
    }
  }

  /**
   * A transaction leaves no unprocessed items, but the plugin reads the list: it must not be null.
   */
  @Override
  public void afterResponse(Request<?> request, Response<?> response) {
    if (response.getAwsResponse() instanceof BatchWriteItemResult result
        && result.getUnprocessedItems() == null) {
      result.setUnprocessedItems(Map.of());
    }
  }

  @Override
  public void afterError(Request<?> request, Response<?> response, Exception e) {
    boolean events =
        switch (request.getOriginalRequest()) {
          case PutItemRequest put -> isEvent(put.getItem());
          case BatchWriteItemRequest batch -> writesEvents(batch);
          default -> false;
        };
    switch (e) {
      case ConditionalCheckFailedException failed -> countRefusal(events);
      case TransactionCanceledException cancelled -> {
        if (hasReason(cancelled, Set.of("ConditionalCheckFailed"))) {
          countRefusal(events);
        } else if (hasReason(cancelled, RETRYABLE_REASONS)) {
          throw throttlingError("a transaction was cancelled for now");
        }
      }
      case TransactionInProgressException running ->
          throw throttlingError("a transaction is under way");
      case TransactionConflictException conflict ->
          throw throttlingError("a transaction has the row");
      default -> {}
    }
  }

  /** Whether events are guarded in this process. */
  static boolean isOn() {
    return !"off".equals(System.getProperty(PROPERTY));
  }

  /** How often an event was refused because another writer had used its number. */
  static long refusals() {
    return REFUSALS.sum();
  }

  /** How often a transaction met a throttled table or another transaction, and was repeated. */
  static long repeatedTransactions() {
    return REPEATED_TRANSACTIONS.sum();
  }

  private static void countRefusal(boolean event) {
    if (event) {
      REFUSALS.increment();
    }
  }

  private static boolean hasReason(TransactionCanceledException cancelled, Set<String> codes) {
    List<CancellationReason> reasons = cancelled.getCancellationReasons();
    return reasons != null && reasons.stream().anyMatch(one -> codes.contains(one.getCode()));
  }

  /** An error that the plugin treats as throttling, so that it repeats the request. */
  private static ProvisionedThroughputExceededException throttlingError(String why) {
    REPEATED_TRANSACTIONS.increment();
    var throttled = new ProvisionedThroughputExceededException(why);
    throttled.setStatusCode(400);
    throttled.setErrorCode("ProvisionedThroughputExceededException");
    return throttled;
  }

  private static boolean writesEvents(BatchWriteItemRequest batch) {
    return batch.getRequestItems().values().stream()
        .flatMap(List::stream)
        .anyMatch(row -> row.getPutRequest() != null && isEvent(row.getPutRequest().getItem()));
  }

  private static List<TransactWriteItem> transactionItems(BatchWriteItemRequest batch) {
    List<TransactWriteItem> rows = new ArrayList<>();
    boolean whole = holdsWholeCommand(batch);
    batch
        .getRequestItems()
        .forEach(
            (table, writes) -> {
              for (WriteRequest write : writes) {
                Map<String, AttributeValue> item = new HashMap<>(write.getPutRequest().getItem());
                if (whole) {
                  item.keySet().removeAll(MULTI_EVENT_ATTRIBUTES);
                }
                Put put = new Put().withTableName(table).withItem(item);
                if (isEvent(item)) {
                  put.withConditionExpression(EVENT_CONDITION)
                      .withExpressionAttributeValues(Map.of(":writer", item.get(WRITER)));
                } else if (isMark(item)) {
                  put.withConditionExpression(MARK_CONDITION)
                      .withExpressionAttributeValues(Map.of(":seq", item.get("seq")));
                }
                rows.add(new TransactWriteItem().withPut(put));
              }
            });
    return rows;
  }

  /** Whether this batch holds all events of one command: the plugin splits at 25 rows. */
  private static boolean holdsWholeCommand(BatchWriteItemRequest batch) {
    List<Map<String, AttributeValue>> events =
        batch.getRequestItems().values().stream()
            .flatMap(List::stream)
            .map(row -> row.getPutRequest().getItem())
            .filter(WriteGuard::isEvent)
            .toList();
    AttributeValue last = events.getFirst().get("cnt");
    return last == null || Integer.parseInt(last.getN()) + 1 == events.size();
  }

  /** Whether a row is an event. Snapshots, marks and secrets have no {@code writer_uuid}. */
  static boolean isEvent(Map<String, AttributeValue> item) {
    return item.containsKey(WRITER) && item.containsKey("par");
  }

  /**
   * Whether a row is a high mark or a low mark: a row of the journal with a number and no writer.
   */
  private static boolean isMark(Map<String, AttributeValue> item) {
    return item.containsKey("par")
        && item.containsKey("num")
        && item.containsKey("seq")
        && !item.containsKey(WRITER);
  }
}
