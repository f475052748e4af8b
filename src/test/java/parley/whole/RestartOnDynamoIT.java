package parley.whole;

import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import parley.client.DynamoLocal;
import parley.client.ServerProcess;

/** What is there after a crash, where the store is DynamoDB. */
class RestartOnDynamoIT extends RestartIT {
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
