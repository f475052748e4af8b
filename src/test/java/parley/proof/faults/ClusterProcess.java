package parley.proof.faults;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import parley.client.JsonTrees;
import parley.client.NodeCertificates;
import parley.client.Ports;
import parley.client.ServerProcess;

/**
 * Several nodes as processes with a shared store, and a supervisor. It restarts a node that has
 * ended, at the same address, as an operator's machinery would, except while a test {@link #hold}s
 * the node.
 */
public final class ClusterProcess implements AutoCloseable {
  private static final int CLIENTS = 8080;
  private static final int MANAGEMENT = 8558;
  private static final int REMOTE = 25520;
  private static final int SHARDS = 128;

  /** A cluster forms when its nodes have started, and then looks at each other. */
  private static final Duration TO_FORM =
      Duration.ofSeconds(Math.max(150, 2 * Long.getLong("parley.it.start", 60)));

  /** Small heaps, because several nodes share a machine with their clients. */
  private static final List<String> JVM =
      List.of(
          "-Xmx" + Integer.getInteger("parley.cluster.heap", 288) + "m",
          "-Xss512k",
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-XX:ActiveProcessorCount=2");

  /** One node; its fields are guarded by itself. */
  private static final class Node {
    final ServerProcess process;
    boolean held = true;
    boolean starting;
    int selfStarted;

    Node(ServerProcess process) {
      this.process = process;
    }
  }

  private final ClusterNetwork clusterNetwork;
  private final int[][] ports;
  private final List<Node> nodes = new ArrayList<>();
  private final ExecutorService starters =
      Executors.newCachedThreadPool(Thread.ofPlatform().daemon().factory());
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(2))
          .build();
  private final Consumer<String> news;
  private volatile boolean supervised;
  private volatile boolean closed;

  /**
   * Starts all nodes and waits until they are one cluster.
   *
   * @param store settings of the store for each node, with which the first one may make tables
   * @param news told when a node ends or starts without having been asked to
   */
  public ClusterProcess(
      int count,
      Path folder,
      ClusterNetwork clusterNetwork,
      IntFunction<Map<String, String>> store,
      Map<String, String> more,
      Consumer<String> news) {
    this(count, folder, clusterNetwork, store, more, null, news);
  }

  /**
   * The same with nodes of another version.
   *
   * @param jar its program, or null for the one under test; see {@link ServerProcess#from}
   */
  public ClusterProcess(
      int count,
      Path folder,
      ClusterNetwork clusterNetwork,
      IntFunction<Map<String, String>> store,
      Map<String, String> more,
      @Nullable Path jar,
      Consumer<String> news) {
    this.clusterNetwork = clusterNetwork;
    this.news = news;
    this.ports = ports(count, clusterNetwork.canCut());
    String seeds =
        IntStream.range(0, count)
            .mapToObj(node -> clusterNetwork.host(node) + ":" + ports[node][2])
            .collect(Collectors.joining(","));
    for (int node = 0; node < count; node++) {
      Map<String, String> environment = new HashMap<>(store.apply(node));
      environment.put("PARLEY_HOST", clusterNetwork.host(node));
      environment.put("PARLEY_PORT", String.valueOf(ports[node][0]));
      environment.put("PARLEY_MANAGEMENT_HOST", clusterNetwork.host(node));
      environment.put("PARLEY_MANAGEMENT_PORT", String.valueOf(ports[node][1]));
      environment.put("PARLEY_REMOTE_HOST", clusterNetwork.host(node));
      environment.put("PARLEY_REMOTE_PORT", String.valueOf(ports[node][2]));
      environment.put("PARLEY_CLUSTER", "seed");
      environment.put("PARLEY_SEED_NODES", seeds);
      environment.put("PARLEY_DYNAMODB_CREATE_TABLES", String.valueOf(node == 0));
      // There is no load balancer that would have to notice.
      environment.put("PARLEY_UNREADY_SECONDS", "0");
      environment.putAll(NodeCertificates.of(folder.resolve("node-tls")));
      environment.put("PARLEY_SHARDS", String.valueOf(SHARDS));
      environment.putAll(more);
      nodes.add(
          new Node(
              ServerProcess.prepare(
                      folder.resolve("node-" + node), environment, clusterNetwork.prefix(node), JVM)
                  .from(jar)
                  .alsoTo(log(node))));
    }
    try {
      for (int node = 0; node < count; node++) {
        release(node);
        if (node == 0) {
          // The first node creates the tables; the others would look for them too early.
          awaitManagement(node);
        }
      }
      awaitUp(count);
      supervised = true;
      for (int node = 0; node < count; node++) {
        startIfDown(node, true);
      }
    } catch (RuntimeException | AssertionError e) {
      System.out.println(tails());
      close();
      throw e;
    }
  }

  /** The file with what a node of the last cluster has printed, over all its starts. */
  public static Path logFile(int node) {
    return Path.of("target", "cluster-logs", "node-" + node + ".log");
  }

  /**
   * How many messages to entities the nodes of the last cluster have said to have dropped, because
   * they came at the moment of a hand-over.
   */
  public static long droppedMessages(int nodes) {
    Pattern dropped = Pattern.compile("Dropping \\[(\\d+)] buffered messages");
    long sum = 0;
    for (int node = 0; node < nodes; node++) {
      try (Stream<String> lines = Files.lines(logFile(node))) {
        sum +=
            lines
                .map(dropped::matcher)
                .filter(Matcher::find)
                .mapToLong(found -> Long.parseLong(found.group(1)))
                .sum();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return sum;
  }

  private static Path log(int node) {
    try {
      Path file = logFile(node);
      Files.createDirectories(file.getParent());
      Files.deleteIfExists(file);
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public int size() {
    return nodes.size();
  }

  ClusterNetwork network() {
    return clusterNetwork;
  }

  public List<URI> uris() {
    return IntStream.range(0, size()).mapToObj(node -> at(node, 0)).toList();
  }

  /** The management port of a node. */
  public URI operators(int node) {
    return at(node, 1);
  }

  private URI at(int node, int port) {
    return URI.create("http://" + clusterNetwork.host(node) + ":" + ports[node][port]);
  }

  public ServerProcess process(int node) {
    return nodes.get(node).process;
  }

  /** Makes the supervisor leave the node alone from now on. */
  public void hold(int node) {
    Node held = nodes.get(node);
    synchronized (held) {
      held.held = true;
    }
  }

  /** Makes the supervisor look after the node again, and start it if it does not run. */
  public void release(int node) {
    Node free = nodes.get(node);
    synchronized (free) {
      free.held = false;
    }
    startIfDown(node, false);
  }

  /** The number of restarts of nodes that had ended by themselves. */
  public int selfStarted() {
    int sum = 0;
    for (Node node : nodes) {
      synchronized (node) {
        sum += node.selfStarted;
      }
    }
    return sum;
  }

  /** Watches the node's present process: when it ends, the supervisor acts. */
  private void watch(int number) {
    var unused =
        process(number)
            .onExit()
            .thenRun(
                () -> {
                  if (supervised) {
                    startIfDown(number, true);
                  }
                });
  }

  /** The number of restarts of this node because it had ended by itself. */
  public int selfStarted(int number) {
    Node node = nodes.get(number);
    synchronized (node) {
      return node.selfStarted;
    }
  }

  private void startIfDown(int number, boolean bySupervisor) {
    Node node = nodes.get(number);
    synchronized (node) {
      if (closed || node.held || node.starting || node.process.isAlive()) {
        return;
      }
      node.starting = true;
      node.selfStarted += bySupervisor ? 1 : 0;
    }
    if (bySupervisor) {
      news.accept("node " + number + " had ended by itself and is started again");
    }
    starters.execute(
        () -> {
          try {
            node.process.launch();
          } catch (AssertionError e) {
            news.accept("node " + number + " did not start: " + lastLine(node.process));
          } finally {
            synchronized (node) {
              node.starting = false;
            }
          }
          watch(number);
        });
  }

  private static String lastLine(ServerProcess process) {
    List<String> lines = process.output();
    return lines.isEmpty() ? "" : lines.getLast();
  }

  // --- what operators see

  /**
   * Waits until this many nodes are up, as every node sees it, and all of them are ready for
   * clients.
   */
  public void awaitUp(int count) {
    await("a cluster of " + count)
        .atMost(TO_FORM)
        .pollInterval(Duration.ofMillis(200))
        .until(() -> isUp(count));
  }

  /** Waits until the node has opened its store; it may still wait for the others. */
  private void awaitManagement(int node) {
    await("the management port of node " + node)
        .atMost(TO_FORM)
        .pollInterval(Duration.ofMillis(200))
        .until(() -> status(node, "/alive") == 200);
  }

  private boolean isUp(int count) {
    int ready = 0;
    for (int node = 0; node < size(); node++) {
      if (process(node).isAlive() && status(node, "/ready") == 200) {
        Set<String> up = up(node);
        if (up.size() != count) {
          return false;
        }
        ready++;
      }
    }
    return ready == count;
  }

  /** The status of the answer; 0 if there was none. */
  private int status(int node, String path) {
    try {
      return http.send(request(node, path), BodyHandlers.discarding()).statusCode();
    } catch (IOException e) {
      return 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 0;
    }
  }

  /** The members that the node sees as up; empty if any member is in another state. */
  private Set<String> up(int node) {
    JsonNode members = management(node, "/cluster/members");
    Set<String> up = new TreeSet<>();
    for (JsonNode member : members.path("members")) {
      if (!member.path("status").asText().equals("Up")) {
        return Set.of();
      }
      up.add(member.path("node").asText());
    }
    return members.path("unreachable").isEmpty() ? up : Set.of();
  }

  /** The shards of a kind of entity that live on the node, as the node itself says. */
  Set<Integer> shards(int node, String kind) {
    Set<Integer> shards = new TreeSet<>();
    management(node, "/cluster/shards/" + kind)
        .path("regions")
        .forEach(region -> shards.add(region.path("shardId").asInt()));
    return shards;
  }

  /** The shard of an entity: Pekko's own rule, with the number in our configuration. */
  static int shardOf(String entity) {
    return Math.abs(entity.hashCode() % SHARDS);
  }

  JsonNode management(int node, String path) {
    try {
      var answer = http.send(request(node, path), BodyHandlers.ofString());
      return answer.statusCode() == 200 ? JsonTrees.parse(answer.body()) : JsonTrees.obj();
    } catch (IOException e) {
      return JsonTrees.obj();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return JsonTrees.obj();
    }
  }

  private HttpRequest request(int node, String path) {
    return HttpRequest.newBuilder(at(node, 1).resolve(path)).timeout(Duration.ofSeconds(3)).build();
  }

  /** The last lines that the nodes printed. */
  String tails() {
    StringBuilder text = new StringBuilder();
    for (int node = 0; node < nodes.size(); node++) {
      List<String> lines = process(node).output();
      text.append("--- node ").append(node).append('\n');
      lines
          .subList(Math.max(0, lines.size() - 60), lines.size())
          .forEach(line -> text.append(line).append('\n'));
    }
    return text.toString();
  }

  /**
   * In namespaces each node has all ports for itself; on one address the ports must be free and
   * different.
   */
  private static int[][] ports(int count, boolean apart) {
    int[][] ports = new int[count][];
    for (int node = 0; node < count; node++) {
      ports[node] =
          apart
              ? new int[] {CLIENTS, MANAGEMENT, REMOTE}
              : new int[] {Ports.free(), Ports.free(), Ports.free()};
    }
    return ports;
  }

  @Override
  public void close() {
    closed = true;
    for (Node node : nodes) {
      node.process.close();
    }
    starters.shutdownNow();
    // A start that was in progress may have started one more process.
    for (Node node : nodes) {
      node.process.close();
    }
    http.shutdownNow();
    clusterNetwork.close();
  }
}
