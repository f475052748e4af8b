package parley.whole;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import parley.client.DynamoLocal;
import parley.client.DynamoPolicy;
import parley.client.FaultProxy;
import parley.client.ServerProcess;
import parley.store.DynamoStore;
import parley.store.StoreRefusedException;

/**
 * An extension for test classes whose servers keep their events in DynamoDB: the class's own
 * servers and the shared one. They may do there what the recommended policy permits, and no more.
 */
final class OnDynamo implements BeforeAllCallback, AfterAllCallback {
  /** For as long as the JVM lives, as the shared server does. */
  private static Map<String, String> environment() {
    String prefix = DynamoLocal.prefix();
    try {
      DynamoStore.open(DynamoLocal.endpoint(), prefix, true).close();
    } catch (StoreRefusedException e) {
      throw new IllegalStateException(e);
    }
    FaultProxy proxy = FaultProxy.before(DynamoLocal.endpoint());
    proxy.rule(new DynamoPolicy(prefix)::judge);
    Map<String, String> environment =
        new HashMap<>(DynamoLocal.environment(proxy.endpoint(), prefix));
    environment.put("PARLEY_DYNAMODB_CREATE_TABLES", "false");
    return environment;
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    ServerProcess.store(OnDynamo::environment);
    SharedServer.use("dynamodb");
  }

  @Override
  public void afterAll(ExtensionContext context) {
    ServerProcess.store(Map::of);
    SharedServer.use("embedded");
  }
}
