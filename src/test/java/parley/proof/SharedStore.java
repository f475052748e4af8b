package parley.proof;

import java.util.Map;
import parley.client.Ports;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

/**
 * The store that all nodes of a cluster share: Amazon's stand-in for DynamoDB, in this process and
 * in memory. It lives as long as the test, whatever happens to the nodes.
 */
final class SharedStore implements AutoCloseable {
  private final DynamoDBProxyServer server;
  private final String endpoint;

  private SharedStore(DynamoDBProxyServer server, String endpoint) {
    this.server = server;
    this.endpoint = endpoint;
  }

  /**
   * Starts an empty one.
   *
   * @param host where nodes reach this process
   */
  static SharedStore start(String host) {
    try {
      String port = String.valueOf(Ports.free());
      DynamoDBProxyServer server =
          ServerRunner.createServerFromCommandLineArgs(
              new String[] {"-inMemory", "-sharedDb", "-disableTelemetry", "-port", port});
      server.start();
      return new SharedStore(server, "http://" + host + ":" + port);
    } catch (Exception e) {
      throw new IllegalStateException("DynamoDB Local did not start", e);
    }
  }

  /** What a node needs to know of it; the credentials are for nobody. */
  Map<String, String> settings() {
    return Map.of(
        "PARLEY_STORE", "dynamodb",
        "PARLEY_DYNAMODB_ENDPOINT", endpoint,
        "PARLEY_DYNAMODB_TABLE_PREFIX", "proof-",
        "AWS_ACCESS_KEY_ID", "nobody",
        "AWS_SECRET_ACCESS_KEY", "nothing",
        "AWS_REGION", "eu-central-1",
        "AWS_EC2_METADATA_DISABLED", "true");
  }

  @Override
  public void close() {
    try {
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
