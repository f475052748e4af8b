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

/** How {@link HighestNumber} reads: by the plugin's client, or by one of the store's own. */
final class DynamoReads {
  private DynamoReads() {}

  /** By the plugin's client, which repeats what was throttled and never blocks. */
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

  /** By a client that blocks, on threads of their own. */
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
