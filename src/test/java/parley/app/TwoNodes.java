package parley.app;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Down;
import org.apache.pekko.cluster.typed.JoinSeedNodes;
import org.awaitility.Awaitility;
import parley.admin.Readiness;
import parley.client.ParleyClient;
import parley.cluster.NodeTls;
import parley.conversation.Conversation;
import parley.http.HttpServer;
import parley.settings.HostPort;
import parley.settings.Settings;
import parley.settings.SettingsException;
import parley.store.EmbeddedStore;
import parley.telemetry.MessageTrail;
import parley.telemetry.Telemetry;
import parley.user.User;

/**
 * Two nodes in this JVM, connected by the real transport, on one journal in memory. All entities
 * run on the first node and all clients connect to the second, so every message between a session,
 * the HTTP port and an entity crosses. Shards do not move, and only a test downs a node.
 */
public final class TwoNodes implements AutoCloseable {
  private static final Config OVERRIDES =
      ConfigFactory.parseString(
          """
          pekko.loglevel = WARNING
          pekko.cluster.jmx.enabled = off
          pekko.cluster.sharding.rebalance-interval = 1 h
          pekko.cluster.downing-provider-class = ""
          pekko.cluster.shutdown-after-unsuccessful-join-seed-nodes = off
          pekko.coordinated-shutdown.run-by-actor-system-terminate = off
          """);

  private final Map<String, String> environment;

  final ActorSystem<Void> entities;
  final ActorSystem<Void> edge;
  private final EmbeddedStore store;
  private final Function<String, MessageTrail> trails;
  final NodeServices atEntities;
  final NodeServices atEdge;

  /** Starts both nodes and waits until they are one cluster and every entity runs on the first. */
  TwoNodes(Path folder, Map<String, String> more) throws Exception {
    this(folder, more, node -> MessageTrail.OFF);
  }

  /**
   * The same.
   *
   * @param trails how the node of that name, {@code entities} or {@code edge}, follows messages
   */
  TwoNodes(Path folder, Map<String, String> more, Function<String, MessageTrail> trails)
      throws Exception {
    this.trails = trails;
    java.util.HashMap<String, String> all = new java.util.HashMap<>(more);
    all.putIfAbsent("PARLEY_RATE_CONVERSATION_PER_SECOND", "0");
    all.put("PARLEY_DATA_DIR", folder.toString());
    all.put("PARLEY_PORT", "0");
    all.put("PARLEY_MANAGEMENT_PORT", "0");
    all.put("PARLEY_REMOTE_PORT", "0");
    all.put("PARLEY_RATE_REQUESTS_PER_SECOND", "0");
    all.put("PARLEY_REGISTRATIONS_PER_DAY", "0");
    this.environment = Map.copyOf(all);
    store = EmbeddedStore.open(folder);
    store.openJournal();
    Settings settings = Settings.from(environment);
    entities = system(settings);
    Cluster first = Cluster.get(entities);
    first.manager().tell(new JoinSeedNodes(List.of(first.selfMember().address())));
    awaitUp(entities, 1);
    atEntities = services(entities, "entities", settings);
    everyShardLivesHere();
    edge = system(settings);
    Cluster.get(edge).manager().tell(new JoinSeedNodes(List.of(first.selfMember().address())));
    awaitUp(edge, 2);
    awaitUp(entities, 2);
    atEdge = services(edge, "edge", settings);
  }

  private ActorSystem<Void> system(Settings settings) {
    return ActorSystem.create(
        Behaviors.empty(),
        "parley",
        OVERRIDES
            .withFallback(tls(settings))
            .withFallback(ShardCount.config(128))
            .withFallback(NodeConfig.of(settings, store)));
  }

  private static Config tls(Settings settings) {
    try {
      return NodeTls.read(settings, java.time.InstantSource.system()).config();
    } catch (SettingsException e) {
      throw new AssertionError(e);
    }
  }

  private NodeServices services(ActorSystem<Void> system, String name, Settings settings)
      throws Exception {
    return NodeServices.start(
        system,
        settings,
        store,
        store.epoch(),
        null,
        TokenIssuers.read(settings.auth(), store, java.time.InstantSource.system()),
        new PushProviderFactory(null, null),
        new Telemetry(trails.apply(name)),
        new Readiness(),
        () -> false);
  }

  private static void awaitUp(ActorSystem<?> system, int members) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> {
              var state = Cluster.get(system).state();
              int up = 0;
              for (var member : state.getMembers()) {
                up += member.status().equals(MemberStatus.up()) ? 1 : 0;
              }
              return up == members;
            });
  }

  /** A shard stays on the node that used it first: all shards are used while there is one node. */
  private void everyShardLivesHere() {
    ClusterSharding sharding = ClusterSharding.get(entities);
    java.util.Set<Integer> shards = new java.util.HashSet<>();
    for (int i = 0; shards.size() < 128; i++) {
      String id = "warm-" + i;
      if (shards.add(Math.abs(id.hashCode() % 128))) {
        sharding.entityRefFor(Conversation.KEY, id).tell(new Conversation.Wake());
        CompletionStage<User.ProfileReply> nobody =
            sharding.entityRefFor(User.KEY, id).ask(User.GetProfile::new, Duration.ofSeconds(60));
        join(nobody);
        CompletionStage<?> account =
            parley.auth.AccountProbe.ask(sharding, id, Duration.ofSeconds(60));
        join(account);
      }
    }
  }

  public static <T> T join(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    } catch (ExecutionException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  /** Opens the client port of a node. */
  static ParleyClient client(NodeServices at) {
    HttpServer server = join(at.clients().bind(new HostPort("127.0.0.1", 0)));
    return new ParleyClient(URI.create("http://127.0.0.1:" + server.port()));
  }

  /** Kills a node without a goodbye, and downs it on the other one as an operator would. */
  static void kill(ActorSystem<Void> victim, ActorSystem<Void> survivor) {
    var address = Cluster.get(victim).selfMember().address();
    victim.terminate();
    awaitEnd(victim);
    Cluster.get(survivor).manager().tell(new Down(address));
  }

  @Override
  public void close() {
    edge.terminate();
    entities.terminate();
    awaitEnd(edge);
    awaitEnd(entities);
    store.close();
  }

  /**
   * Waits until an actor system has ended, or has ended but for its connections: Artery over TLS
   * may never report that those are closed ({@code StopWatchdog}).
   */
  private static void awaitEnd(ActorSystem<Void> system) {
    try {
      system.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    } catch (ExecutionException e) {
      throw new AssertionError(e);
    } catch (TimeoutException e) {
      if (!Cluster.get(system).isTerminated()) {
        throw new AssertionError("the node does not stop", e);
      }
    }
  }
}
