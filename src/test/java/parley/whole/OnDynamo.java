package parley.whole;

import java.util.Map;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import parley.client.DynamoLocal;
import parley.client.ServerProcess;

/** The servers of a class of tests keep their events in DynamoDB: its own and the shared one. */
final class OnDynamo implements BeforeAllCallback, AfterAllCallback {
  @Override
  public void beforeAll(ExtensionContext context) {
    ServerProcess.store(
        () -> DynamoLocal.environment(DynamoLocal.endpoint(), DynamoLocal.prefix()));
    SharedServer.use("dynamodb");
  }

  @Override
  public void afterAll(ExtensionContext context) {
    ServerProcess.store(Map::of);
    SharedServer.use("embedded");
  }
}
