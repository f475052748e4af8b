package parley.proof.faults;

import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import parley.client.FaultProxy;
import parley.client.FaultProxy.Fault;
import parley.client.FaultProxy.LoseAnswer;
import parley.client.FaultProxy.Pass;
import parley.client.FaultProxy.Refuse;
import parley.client.FaultProxy.Reset;
import parley.client.Ports;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

/**
 * The store that all nodes of a cluster share: DynamoDB Local in this process and in memory. It
 * lives as long as the test. Each node reaches it through a proxy of its own, which can spoil the
 * node's requests.
 */
public final class SharedStore implements AutoCloseable {
  /** Some answers come later than the program's clients wait for one attempt. */
  private static final int SLOWEST_MILLIS = 6_000;

  private final DynamoDBProxyServer server;
  private final List<FaultProxy> proxies;
  private final String host;
  private final Random random;
  private final AtomicLong spoiled = new AtomicLong();

  private SharedStore(
      DynamoDBProxyServer server, List<FaultProxy> proxies, String host, Random random) {
    this.server = server;
    this.proxies = proxies;
    this.host = host;
    this.random = random;
  }

  /**
   * Starts an empty one.
   *
   * @param host where nodes reach this process
   * @param nodes how many nodes there are
   * @param seed of which requests are spoiled while it is hurt
   */
  public static SharedStore start(String host, int nodes, long seed) {
    try {
      String port = String.valueOf(Ports.free());
      DynamoDBProxyServer server =
          ServerRunner.createServerFromCommandLineArgs(
              new String[] {"-inMemory", "-sharedDb", "-disableTelemetry", "-port", port});
      server.start();
      List<FaultProxy> proxies =
          IntStream.range(0, nodes)
              .mapToObj(node -> FaultProxy.before(URI.create("http://127.0.0.1:" + port), host))
              .toList();
      return new SharedStore(server, proxies, host, new Random(seed));
    } catch (Exception e) {
      throw new IllegalStateException("DynamoDB Local did not start", e);
    }
  }

  /** The settings with which a node uses it; the credentials are invented. */
  public Map<String, String> settings(int node) {
    return Map.of(
        "PARLEY_STORE", "dynamodb",
        "PARLEY_DYNAMODB_ENDPOINT", "http://" + host + ":" + proxies.get(node).port(),
        "PARLEY_DYNAMODB_TABLE_PREFIX", "proof-",
        "AWS_ACCESS_KEY_ID", "nobody",
        "AWS_SECRET_ACCESS_KEY", "nothing",
        "AWS_REGION", "eu-central-1",
        "AWS_EC2_METADATA_DISABLED", "true");
  }

  /**
   * From now on, until {@link #heal}, requests are spoiled at random.
   *
   * @param kind one that is of the store
   * @param node whose requests, or {@link FaultPlan#ALL}
   */
  public void hurt(FaultPlan.Kind kind, int node) {
    for (int n = 0; n < proxies.size(); n++) {
      if (node == FaultPlan.ALL || node == n) {
        proxies.get(n).rule(call -> judge(kind));
      }
    }
  }

  /** From now on, until {@link #heal}, this decides about the requests of all nodes. */
  public void rule(FaultProxy.Rule rule) {
    for (FaultProxy proxy : proxies) {
      proxy.rule(
          call -> {
            Fault fault = rule.judge(call);
            if (!(fault instanceof Pass)) {
              spoiled.incrementAndGet();
            }
            return fault;
          });
    }
  }

  /** Ends the fault, and returns how many requests were spoiled since it began. */
  public long heal() {
    proxies.forEach(FaultProxy::heal);
    return spoiled.getAndSet(0);
  }

  private Fault judge(FaultPlan.Kind kind) {
    int dice = dice(100);
    Fault fault =
        switch (kind) {
          case STORE_THROTTLED ->
              dice < 80
                  ? new Refuse(
                      400,
                      dice < 40 ? "ProvisionedThroughputExceededException" : "ThrottlingException")
                  : new Pass();
          case STORE_SLOW -> late(dice);
          case STORE_REFUSES ->
              dice < 60
                  ? dice < 40
                      ? new Refuse(500, "InternalServerError")
                      : new Refuse(400, "UnrecognizedClientException")
                  : new Pass();
          case STORE_ANSWERS_LOST ->
              dice < 50 ? dice < 35 ? new LoseAnswer() : new Reset() : new Pass();
          default -> throw new IllegalArgumentException(kind + " does not hurt the store");
        };
    if (!(fault instanceof Pass)) {
      spoiled.incrementAndGet();
    }
    return fault;
  }

  /** The request's own thread waits; the request is carried out after that. */
  private Fault late(int dice) {
    spoiled.incrementAndGet();
    try {
      int most = dice < 10 ? SLOWEST_MILLIS : 500;
      var unused = new CountDownLatch(1).await(dice(most), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return new Pass();
  }

  private int dice(int sides) {
    synchronized (random) {
      return random.nextInt(sides);
    }
  }

  @Override
  public void close() {
    proxies.forEach(FaultProxy::close);
    try {
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
