package parley.whole;

import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import parley.client.DynamoLocal;
import parley.client.ServerProcess;

/** Who was away, where the store is DynamoDB. */
class OfflineOnDynamoIT extends OfflineIT {
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
