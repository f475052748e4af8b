package parley.client;

import java.net.URI;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.dynamodb.services.local.main.ServerRunner;

/**
 * DynamoDB Local in memory, one for all tests of this JVM. Tables live as long as the JVM; each
 * test uses a prefix of its own.
 */
public final class DynamoLocal {
  private static @Nullable URI endpoint;

  private DynamoLocal() {}

  /** Its address; the first call starts it. */
  public static synchronized URI endpoint() {
    if (endpoint == null) {
      credentials();
      try {
        endpoint = start(String.valueOf(Ports.free()));
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
    return endpoint;
  }

  private static URI start(String port) throws Exception {
    ServerRunner.createServerFromCommandLineArgs(
            new String[] {"-inMemory", "-sharedDb", "-disableTelemetry", "-port", port})
        .start();
    return URI.create("http://127.0.0.1:" + port);
  }

  /**
   * Serves on port 8000, or on the port in the argument, until the process ends. For trying a
   * cluster by hand.
   */
  public static void main(String[] args) throws Exception {
    credentials();
    System.out.println("DynamoDB stand-in on " + start(args.length > 0 ? args[0] : "8000"));
  }

  /** A prefix for tables that no other test has. */
  public static String prefix() {
    return "test-" + ClientIds.next().toLowerCase(Locale.ROOT) + "-";
  }

  /** The settings with which a server keeps its events there. */
  public static Map<String, String> environment(URI at, String prefix) {
    Map<String, String> environment = new HashMap<>();
    environment.put("PARLEY_STORE", "dynamodb");
    environment.put("PARLEY_DYNAMODB_ENDPOINT", at.toString());
    environment.put("PARLEY_DYNAMODB_TABLE_PREFIX", prefix);
    environment.put("PARLEY_DYNAMODB_CREATE_TABLES", "true");
    environment.put("AWS_ACCESS_KEY_ID", "local");
    environment.put("AWS_SECRET_ACCESS_KEY", "local");
    environment.put("AWS_EC2_METADATA_DISABLED", "true");
    return environment;
  }

  /**
   * Sets credentials for servers in this JVM, so that the SDK does not ask the network for a
   * machine's role.
   */
  public static void credentials() {
    System.setProperty("aws.accessKeyId", "local");
    System.setProperty("aws.secretKey", "local");
    System.setProperty("com.amazonaws.sdk.disableEc2Metadata", "true");
  }
}
