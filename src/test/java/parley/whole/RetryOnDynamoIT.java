package parley.whole;

import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import parley.client.DynamoLocal;
import parley.client.ServerProcess;

/** G3 where the store is DynamoDB. */
class RetryOnDynamoIT extends RetryIT {
  @BeforeAll
  static void onDynamo() {
    ServerProcess.store(
        () -> DynamoLocal.environment(DynamoLocal.endpoint(), DynamoLocal.prefix()));
  }

  @AfterAll
  static void onDisk() {
    ServerProcess.store(Map::of);
  }
}
