package parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import parley.client.FaultProxy.Call;
import parley.client.FaultProxy.Fault;

/**
 * The policy that operators give to the server's role on AWS, and the requests that it would
 * refuse.
 */
public final class DynamoPolicy {
  private static final Path FILE = Path.of("k8s/aws/iam-policy.json");

  private final String prefix;
  private final Map<String, Set<String>> allowed = new TreeMap<>();

  /** The policy in the repository, for tables of that prefix instead of {@code parley-}. */
  public DynamoPolicy(String prefix) {
    this.prefix = prefix;
    try {
      for (JsonNode statement : JsonTrees.parse(Files.readString(FILE)).path("Statement")) {
        for (JsonNode resource : statement.path("Resource")) {
          String table = resource.asText().replaceAll(".*table/parley-", prefix);
          for (JsonNode action : statement.path("Action")) {
            allowed
                .computeIfAbsent(table, t -> new TreeSet<>())
                .add(action.asText().replace("dynamodb:", ""));
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The actions it allows, by table. */
  public Map<String, Set<String>> allowed() {
    return allowed;
  }

  /** What AWS would do with a request under this policy. */
  public Fault judge(Call call) {
    boolean good =
        call.tables().stream()
            .allMatch(
                table -> allowed.getOrDefault(table, Set.of()).contains(action(call.operation())));
    return good ? new FaultProxy.Pass() : new FaultProxy.Refuse(400, "AccessDeniedException");
  }

  /** The actions of the requests that went through a proxy, by table of this prefix. */
  public Map<String, Set<String>> seen(FaultProxy proxy) {
    Map<String, Set<String>> seen = new TreeMap<>();
    for (String line : proxy.operations()) {
      String[] parts = line.split(" ", -1);
      if (parts[1].startsWith(prefix)) {
        seen.computeIfAbsent(parts[1], t -> new TreeSet<>()).add(action(parts[0]));
      }
    }
    return seen;
  }

  /** A transaction needs the action of each of its rows, which are all puts. */
  private static String action(String operation) {
    return operation.equals("TransactWriteItems") ? "PutItem" : operation;
  }
}
