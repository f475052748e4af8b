package parley.store;

import com.amazonaws.services.dynamodbv2.AmazonDynamoDB;
import com.amazonaws.services.dynamodbv2.model.BatchGetItemRequest;
import com.amazonaws.services.dynamodbv2.model.BatchGetItemResult;
import com.amazonaws.services.dynamodbv2.model.QueryRequest;
import com.amazonaws.services.dynamodbv2.model.QueryResult;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.persistence.dynamodb.journal.DynamoDBHelper;
import scala.jdk.javaapi.FutureConverters;

/**
 * The ways in which {@link HighestNumber} reads: through the plugin's client, or through a client
 * of the store.
 */
final class DynamoReads {
  private DynamoReads() {}

  /** Through the plugin's client, which retries throttled requests and never blocks. */
  static HighestNumber.Reads of(DynamoDBHelper plugin) {
    return new HighestNumber.Reads() {
      @Override
      public CompletionStage<BatchGetItemResult> get(BatchGetItemRequest request) {
        return FutureConverters.asJava(plugin.batchGetItem(request));
      }

      @Override
      public CompletionStage<QueryResult> query(QueryRequest request) {
        return FutureConverters.asJava(plugin.query(request));
      }
    };
  }

  /** Through a client that blocks; each request has a virtual thread of its own. */
  static HighestNumber.Reads of(AmazonDynamoDB client) {
    return new HighestNumber.Reads() {
      @Override
      public CompletionStage<BatchGetItemResult> get(BatchGetItemRequest request) {
        return CompletableFuture.supplyAsync(
            () -> client.batchGetItem(request), Thread::startVirtualThread);
      }

      @Override
      public CompletionStage<QueryResult> query(QueryRequest request) {
        return CompletableFuture.supplyAsync(
            () -> client.query(request), Thread::startVirtualThread);
      }
    };
  }
}
