package parley.store;

import com.amazonaws.AmazonWebServiceRequest;
import com.amazonaws.ClientConfiguration;
import com.amazonaws.Request;
import com.amazonaws.Response;
import com.amazonaws.handlers.RequestHandler2;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDB;
import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.amazonaws.services.dynamodbv2.model.BatchWriteItemRequest;
import com.amazonaws.services.dynamodbv2.model.BatchWriteItemResult;
import com.amazonaws.services.dynamodbv2.model.ConditionalCheckFailedException;
import com.amazonaws.services.dynamodbv2.model.ProvisionedThroughputExceededException;
import com.amazonaws.services.dynamodbv2.model.Put;
import com.amazonaws.services.dynamodbv2.model.PutItemRequest;
import com.amazonaws.services.dynamodbv2.model.TransactWriteItem;
import com.amazonaws.services.dynamodbv2.model.TransactWriteItemsRequest;
import com.amazonaws.services.dynamodbv2.model.TransactionCanceledException;
import com.amazonaws.services.dynamodbv2.model.WriteRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * The last line against two writers of one entity: no event is ever replaced by another's.
 *
 * <p>The cluster gives each entity one writer. A process that was paused for longer than the others
 * waited, or a cut network, can still leave two for a while. The journal plugin's writes carry no
 * condition: both writers would be told "persisted", and the second's event would silently replace
 * the first's, which users have seen acknowledged. This handler is loaded by the AWS SDK into each
 * of its DynamoDB clients (the class path resource {@code request.handler2s}) and adds the
 * condition
 *
 * <pre>  attribute_not_exists(par) OR writer_uuid = :writer</pre>
 *
 * to each event. {@code writer_uuid} is new with each incarnation of an entity, which has one write
 * under way at a time and never tries a sequence number again after a failure, so it names one
 * content. Therefore a repetition after a lost answer passes (it writes what is there), and
 * everybody else's write at that number fails. The loser stops, reads the journal when it is needed
 * again, and finds the winner's event there. A write that was given up and arrives late either is
 * found by the reading, or fails in its turn; a retry of the user then is a duplicate or is stored
 * once.
 *
 * <p><b>Batches.</b> The plugin writes every hundredth event together with a high-mark, and several
 * events of one command, by {@code BatchWriteItem}, which takes no condition. Here the events of a
 * batch are written before it: one by a conditional put, several by a transaction, all or none. The
 * batch then repeats what is there and adds the mark. So a mark never stands without its event. The
 * plugin ignores what a batch of the first kind answers as unprocessed; here that becomes a
 * throttling error, which it repeats, and which fails the write in the end.
 *
 * <p><b>What needs no guard.</b> A snapshot at n is a function of the events 1 to n, and a writer
 * takes one only after its own event n was stored under this guard: two writers' snapshots at n say
 * the same, and a late one is only older, never wrong (the newest is read). Marks are read as a
 * maximum, and the tail behind a high-mark that is too low is looked for ({@code high-distrust}). A
 * number whose event was deleted counts as free: a conversation deletes what it has archived, a day
 * old at least, and a bucket of the calendar what nobody writes any more. (The stores of sharding
 * delete too, long after: a node would have to be away for a thousand of their updates.)
 *
 * <p>Not thought of by us: conditional writes against two writers are how DynamoDB's own guide does
 * optimistic locking; fencing by a writer's identity is Pekko Persistence's replay filter, moved
 * from the reading to the writing.
 */
public final class WriteGuard extends RequestHandler2 {
  /**
   * A system property, for tests that show what is lost without: {@code off} lets writes through.
   */
  static final String PROPERTY = "parley.store.guard";

  private static final String CONDITION = "attribute_not_exists(par) OR writer_uuid = :writer";
  private static final String WRITER = "writer_uuid";

  /** One client per endpoint, for as long as the process lives: a process has one endpoint. */
  private static final Map<String, AmazonDynamoDB> CLIENTS = new ConcurrentHashMap<>();

  private static final LongAdder REFUSALS = new LongAdder();
  private static final LongAdder UNPROCESSED = new LongAdder();

  /** Makes a handler; called by the SDK, for each client. */
  public WriteGuard() {}

  @Override
  public AmazonWebServiceRequest beforeMarshalling(AmazonWebServiceRequest request) {
    if (request instanceof PutItemRequest put && on() && isEvent(put.getItem())) {
      return put.withConditionExpression(CONDITION)
          .withExpressionAttributeValues(Map.of(":writer", put.getItem().get(WRITER)));
    }
    return request;
  }

  @Override
  public void beforeRequest(Request<?> request) {
    if (request.getOriginalRequest() instanceof BatchWriteItemRequest batch && on()) {
      List<Put> events = events(batch);
      if (!events.isEmpty()) {
        AmazonDynamoDB client =
            CLIENTS.computeIfAbsent(
                request.getEndpoint().toString(), at -> DynamoStore.client(at, limits()));
        writeFirst(client, events);
      }
    }
  }

  @Override
  public void afterResponse(Request<?> request, Response<?> response) {
    if (response.getAwsResponse() instanceof BatchWriteItemResult result && on()) {
      boolean left =
          result.getUnprocessedItems() != null
              && result.getUnprocessedItems().values().stream()
                  .flatMap(List::stream)
                  .anyMatch(write -> write.getPutRequest() != null);
      if (left) {
        UNPROCESSED.increment();
        var throttled = new ProvisionedThroughputExceededException("a part of a batch was left");
        throttled.setStatusCode(400);
        throttled.setErrorCode("ProvisionedThroughputExceededException");
        throw throttled;
      }
    }
  }

  @Override
  public void afterError(Request<?> request, Response<?> response, Exception e) {
    boolean refused =
        switch (request.getOriginalRequest()) {
          case PutItemRequest put ->
              isEvent(put.getItem()) && e instanceof ConditionalCheckFailedException;
          case TransactWriteItemsRequest transaction -> e instanceof TransactionCanceledException;
          default -> false;
        };
    if (refused) {
      REFUSALS.increment();
    }
  }

  /** Whether events are guarded in this process. */
  static boolean on() {
    return !"off".equals(System.getProperty(PROPERTY));
  }

  /** How often an event was refused because another writer had written its number. */
  static long refusals() {
    return REFUSALS.sum();
  }

  /** How often the store left a part of a batch, so that it had to be repeated. */
  static long unprocessed() {
    return UNPROCESSED.sum();
  }

  private static void writeFirst(AmazonDynamoDB client, List<Put> events) {
    if (events.size() == 1) {
      Put only = events.getFirst();
      client.putItem(
          new PutItemRequest(only.getTableName(), only.getItem())
              .withConditionExpression(only.getConditionExpression())
              .withExpressionAttributeValues(only.getExpressionAttributeValues()));
    } else {
      client.transactWriteItems(
          new TransactWriteItemsRequest()
              .withTransactItems(
                  events.stream().map(put -> new TransactWriteItem().withPut(put)).toList()));
    }
  }

  private static List<Put> events(BatchWriteItemRequest batch) {
    List<Put> events = new ArrayList<>();
    batch
        .getRequestItems()
        .forEach(
            (table, writes) -> {
              for (WriteRequest write : writes) {
                if (write.getPutRequest() != null && isEvent(write.getPutRequest().getItem())) {
                  Map<String, AttributeValue> item = write.getPutRequest().getItem();
                  events.add(
                      new Put()
                          .withTableName(table)
                          .withItem(item)
                          .withConditionExpression(CONDITION)
                          .withExpressionAttributeValues(Map.of(":writer", item.get(WRITER))));
                }
              }
            });
    return events;
  }

  /** Snapshots, marks and secrets have no writer. */
  private static boolean isEvent(Map<String, AttributeValue> item) {
    return item.containsKey(WRITER) && item.containsKey("par");
  }

  /** Together with the batch behind it within the journal's circuit breaker. */
  private static ClientConfiguration limits() {
    return new ClientConfiguration()
        .withConnectionTimeout(1_000)
        .withRequestTimeout(3_000)
        .withClientExecutionTimeout(5_000)
        .withMaxErrorRetry(2);
  }
}
