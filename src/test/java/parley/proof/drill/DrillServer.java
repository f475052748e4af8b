package parley.proof.drill;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.ServerProcess;
import parley.client.TestAccount;

/**
 * A single node with the embedded store, two people in twelve groups, and a client of one of them
 * that writes all the time. Nobody restarts the node but the drill.
 */
final class DrillServer implements AutoCloseable {
  private static final int GROUPS = 12;
  private static final String LARGE = "x".repeat(8_000);

  final ParleyClient client;
  final ParleyClient operator;
  final TestAccount ann;
  final TestAccount ben;
  final List<String> conversations = new ArrayList<>();
  final Chatter chatter;
  private final Path data;
  private final Map<String, String> settings;
  private ServerProcess process;

  private DrillServer(Path data, Map<String, String> settings, ServerProcess process) {
    this.data = data;
    this.settings = settings;
    this.process = process;
    client = new ParleyClient(process.uri());
    operator = new ParleyClient(process.management());
    ann = client.register("ann");
    ben = client.register("ben");
    for (int group = 0; group < GROUPS; group++) {
      conversations.add(client.group(ann, "Group " + group, List.of(ben)));
    }
    chatter = new Chatter(process.uri(), ann, conversations);
  }

  /**
   * Starts it.
   *
   * @param jvm more options of the JVM
   */
  static DrillServer start(Path data, Map<String, String> settings, List<String> jvm) {
    Map<String, String> all = new HashMap<>(settings);
    all.put("PARLEY_MANAGEMENT_WRITE", "true");
    ServerProcess process = process(data, all, jvm);
    process.launch();
    try {
      return new DrillServer(data, all, process);
    } catch (RuntimeException | AssertionError e) {
      process.close();
      throw e;
    }
  }

  private static ServerProcess process(Path data, Map<String, String> settings, List<String> jvm) {
    List<String> options = new ArrayList<>(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    options.addAll(jvm);
    return ServerProcess.prepare(data, settings, List.of(), options);
  }

  ServerProcess process() {
    return process;
  }

  /**
   * Kills it, and starts it again at the same addresses.
   *
   * @param more settings that differ from those of the first start
   * @param jvm more options of the JVM
   */
  void again(Map<String, String> more, List<String> jvm) {
    if (process.isAlive()) {
      process.kill9();
    }
    Map<String, String> all = new HashMap<>(settings);
    all.put("PARLEY_PORT", String.valueOf(client.base().getPort()));
    all.put("PARLEY_MANAGEMENT_PORT", String.valueOf(operator.base().getPort()));
    all.putAll(more);
    process = process(data, all, jvm);
    process.launch();
  }

  /** Where operators and Prometheus ask it: {@code host:port}. */
  String management() {
    return operator.base().getAuthority();
  }

  /** What an address of the management port answers. */
  String management(String path) {
    return operator.get(path, null).text();
  }

  /** Changes a setting while it runs. */
  void set(String name, String value) {
    operator.call("PUT", "/admin/settings/" + name, null, Map.of("value", value)).expect(204);
  }

  /** Writes many messages to the groups, and returns how many were accepted. */
  int write(int count) {
    try (ParleySocket phone = client.connectSynced(ann, "phone")) {
      return Messages.send(phone, conversations, count);
    }
  }

  /**
   * Writes large messages all the time, until it is closed. On a full disk a quiet server goes on
   * for long, in the room that RocksDB has reserved for its log.
   */
  Repeating writeMuch() {
    return new Repeating(
        100,
        () -> {
          try (ParleySocket tablet = client.connect(ann, "tablet")) {
            while (Messages.send(tablet, conversations, 500, LARGE) > 0) {
              // Until the server refuses all of them.
            }
          }
        });
  }

  @Override
  public void close() {
    chatter.close();
    client.close();
    operator.close();
    process.close();
  }
}
