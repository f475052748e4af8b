package parley.whole;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import parley.app.Node;
import parley.client.DynamoLocal;
import parley.client.ParleyClient;
import parley.settings.Settings;

/** A node in this JVM that keeps its events in DynamoDB, with a client. */
final class DynamoServer implements AutoCloseable {
  private final URI endpoint;
  private final String prefix;
  private final Config overrides;
  private @Nullable Node node;
  private @Nullable ParleyClient client;

  private DynamoServer(URI endpoint, String prefix, Config overrides) {
    this.endpoint = endpoint;
    this.prefix = prefix;
    this.overrides = overrides;
  }

  /** Starts a node; missing tables are created. */
  static DynamoServer start(URI endpoint, String prefix, String overrides) {
    DynamoServer server = new DynamoServer(endpoint, prefix, ConfigFactory.parseString(overrides));
    server.start();
    return server;
  }

  static DynamoServer start(URI endpoint, String prefix) {
    return start(endpoint, prefix, "");
  }

  ParleyClient client() {
    if (client == null) {
      throw new IllegalStateException("stopped");
    }
    return client;
  }

  void restart() {
    close();
    start();
  }

  private void start() {
    Map<String, String> environment = new HashMap<>(DynamoLocal.environment(endpoint, prefix));
    environment.put("PARLEY_PORT", "0");
    environment.put("PARLEY_MANAGEMENT_PORT", "0");
    environment.put("PARLEY_UNREADY_SECONDS", "0");
    environment.put("PARLEY_DRAIN_SECONDS", "0");
    environment.put("PARLEY_RATE_MESSAGES_PER_MINUTE", "0");
    environment.put("PARLEY_RATE_CONVERSATION_PER_SECOND", "0");
    environment.put("PARLEY_RATE_REQUESTS_PER_SECOND", "0");
    environment.put("PARLEY_GROUPS_PER_DAY", "0");
    environment.put("PARLEY_REGISTRATIONS_PER_DAY", "0");
    // Nothing is stored there, so several nodes may use the same folder.
    environment.put("PARLEY_DATA_DIR", Path.of("target").toString());
    try {
      Node started = Node.start(Settings.from(environment), overrides, why -> {}, stop -> {});
      node = started;
      client = new ParleyClient(URI.create("http://" + started.listening()));
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    if (client != null) {
      client.close();
      client = null;
    }
    if (node != null) {
      node.close();
      node = null;
    }
  }
}
