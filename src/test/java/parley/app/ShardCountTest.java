package parley.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.sharding.ShardRegion;
import org.apache.pekko.cluster.sharding.typed.GetShardRegionState;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.client.DynamoLocal;
import parley.client.FaultProxy;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.TestAccount;
import parley.cluster.PreviousIncarnation;
import parley.conversation.Conversation;
import parley.settings.HostPort;
import parley.settings.Settings;
import parley.settings.SettingsException;
import parley.store.DynamoStore;
import parley.store.EmbeddedStore;
import parley.store.Store;
import parley.store.StoreRefusedException;

/** The store keeps the number of shards, and it changes only while no node runs. */
@Timeout(150)
class ShardCountTest {
  @TempDir Path folder;

  @Test
  void aFreshStoreKeepsTheNumberAndRefusesAnother() throws Exception {
    try (Node node = QuickNode.start(settings(null))) {
      assertThat(shards(node)).isEqualTo(1024);
    }
    assertThatThrownBy(() -> QuickNode.start(settings(512)))
        .isInstanceOf(SettingsException.class)
        .hasMessageStartingWith("PARLEY_SHARDS: is 512, but the store has 1024")
        .hasMessageNotContaining("\n");
    try (Node node = QuickNode.start(settings(1024))) {
      assertThat(shards(node)).isEqualTo(1024);
    }
  }

  /**
   * Data of the previous version: no number is stored, and conversations are remembered in 128
   * shards.
   */
  @Test
  void dataOfTheVersionBeforeStaysAt128UntilItIsMoved() throws Exception {
    Set<String> remembered;
    try (Node node = QuickNode.start(settings(128))) {
      talk(node);
      remembered = conversations(node);
      assertThat(remembered).hasSize(20);
    }
    Files.delete(folder.resolve("shards"));
    assertThatThrownBy(() -> QuickNode.start(settings(1024)))
        .isInstanceOf(SettingsException.class)
        .hasMessageStartingWith("PARLEY_SHARDS: is 1024, but the store has 128");
    try (Node node = QuickNode.start(settings(null))) {
      assertThat(shards(node)).isEqualTo(128);
      await().atMost(Duration.ofSeconds(60)).until(() -> conversations(node).equals(remembered));
    }
    assertThat(ShardCount.run(settings(null), List.of("shards", "1024"))).isZero();

    // All remembered conversations start again, each in its new shard.
    try (Node node = QuickNode.start(settings(1024))) {
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() -> assertThat(conversations(node)).isEqualTo(remembered));
      for (String id : remembered) {
        assertThat(shardsOf(node).get(id)).isEqualTo(Math.abs(id.hashCode() % 1024));
      }
    }
    // They start once more, from the lists of the new shards.
    try (Node node = QuickNode.start(settings(1024))) {
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() -> assertThat(conversations(node)).isEqualTo(remembered));
    }
  }

  @Test
  void aChangeThatWasCutOffIsNoticedAndRepeated() throws Exception {
    try (EmbeddedStore store = EmbeddedStore.open(folder)) {
      store.openJournal();
      assertThat(store.shards(1024, 128)).isEqualTo(1024);
      assertThat(store.changeShards(512, 256)).isFalse();
      assertThat(store.changeShards(1024, Store.SHARDS_CHANGING)).isTrue();
      assertThatThrownBy(() -> store.shards(1024, 128))
          .isInstanceOf(StoreRefusedException.class)
          .hasMessageStartingWith("PARLEY_SHARDS: ");
      assertThat(ShardCount.change(store, 256, time -> {}, line -> {})).isNull();
      assertThat(store.shards(1024, 128)).isEqualTo(256);
    }
    assertThat(ShardCount.run(settings(null), List.of("shards", "4097"))).isEqualTo(2);
    assertThat(ShardCount.run(settings(null), List.of("shards"))).isZero();
  }

  @Test
  void sharedAmongNodesOneNumberIsKeptAndNoneIsChangedWhileTheyLive() throws Exception {
    URI endpoint = DynamoLocal.endpoint();
    String prefix = DynamoLocal.prefix();
    try (DynamoStore one = DynamoStore.open(endpoint, prefix, true);
        DynamoStore two = DynamoStore.open(endpoint, prefix, false)) {
      // Two nodes with different numbers in their settings start at the same moment.
      List<CompletableFuture<Integer>> asked = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        DynamoStore store = i % 2 == 0 ? one : two;
        int wanted = i % 2 == 0 ? 1024 : 2048;
        asked.add(
            CompletableFuture.supplyAsync(
                () -> {
                  try {
                    return store.shards(wanted, 128);
                  } catch (StoreRefusedException e) {
                    throw new AssertionError(e);
                  }
                }));
      }
      Set<Integer> kept = new TreeSet<>();
      asked.forEach(answer -> kept.add(answer.join()));
      assertThat(kept).hasSize(1);
      int before = kept.iterator().next();
      assertThatThrownBy(() -> ShardCount.agreeWithStore(one, before == 1024 ? 2048 : 1024))
          .isInstanceOf(SettingsException.class);

      // Clocks do not matter: this node's clock is a year behind, so its sign of life looks
      // expired.
      Beating behind = new Beating(one, "10.0.0.1", Duration.ofDays(-365));
      behind.beat();
      List<String> said = new ArrayList<>();
      assertThat(ShardCount.change(two, 512, time -> behind.beat(), said::add))
          .contains("10.0.0.1:25520");
      assertThat(two.shards(1, 1)).isEqualTo(before);
      // A dead node whose clock was ahead delays nobody.
      new Beating(one, "10.0.0.2", Duration.ofDays(365)).beat();
      List<Duration> pauses = new ArrayList<>();
      assertThat(ShardCount.change(two, 512, pauses::add, said::add)).isNull();
      assertThat(pauses).containsExactly(PreviousIncarnation.SIGN_OF_LIFE_INTERVAL);
      assertThat(said.getFirst()).contains("10.0.0.1:25520").doesNotContain("10.0.0.2");
      assertThat(said.get(1)).contains("10.0.0.1:25520, 10.0.0.2:25520");
      assertThat(said.getLast()).isEqualTo("no node has left a new sign of life");
      assertThat(one.shards(1, 1)).isEqualTo(512);
    }
  }

  /**
   * A running node is not disturbed: the number is not withdrawn while the command looks for nodes.
   */
  @Test
  void runningNodesAreCheckedBeforeTheNumberChanges() throws Exception {
    try (DynamoStore store = DynamoStore.open(DynamoLocal.endpoint(), DynamoLocal.prefix(), true)) {
      int before = store.shards(1024, 128);
      Beating node = new Beating(store, "10.0.0.1", Duration.ZERO);
      List<Integer> whileLooking = new ArrayList<>();
      assertThat(
              ShardCount.change(
                  store,
                  512,
                  time -> {
                    node.beat();
                    whileLooking.add(kept(store));
                  },
                  line -> whileLooking.add(kept(store))))
          .contains("10.0.0.1:25520");
      assertThat(whileLooking).isNotEmpty().containsOnly(before);
      assertThat(kept(store)).isEqualTo(before);
    }
  }

  /** The node started after the second check, and had read the number before it was withdrawn. */
  @Test
  void aNodeThatStartsMeanwhileIsSeenOrSeesIt() throws Exception {
    String prefix = DynamoLocal.prefix();
    try (FaultProxy proxy = FaultProxy.before(DynamoLocal.endpoint());
        DynamoStore direct = DynamoStore.open(DynamoLocal.endpoint(), prefix, true);
        DynamoStore store = DynamoStore.open(proxy.endpoint(), prefix, false)) {
      int before = direct.shards(1024, 128);
      Beating node = new Beating(direct, "10.0.0.1", Duration.ZERO);
      List<Integer> read = new CopyOnWriteArrayList<>();
      proxy.rule(
          call -> {
            // The command's first write withdraws the number.
            if (call.operation().equals("PutItem") && read.isEmpty()) {
              node.beat();
              read.add(kept(direct));
            }
            return new FaultProxy.Pass();
          });
      assertThat(ShardCount.change(store, 512, time -> {}, line -> {})).contains("10.0.0.1:25520");
      assertThat(read).containsExactly(before);
      assertThat(kept(direct)).isEqualTo(before);
    }
  }

  @Test
  void aNodeWithoutAClusterIsSeenToo() throws Exception {
    String prefix = DynamoLocal.prefix();
    Map<String, String> environment =
        new HashMap<>(DynamoLocal.environment(DynamoLocal.endpoint(), prefix));
    environment.put("PARLEY_DATA_DIR", folder.toString());
    environment.put("PARLEY_PORT", "0");
    environment.put("PARLEY_MANAGEMENT_PORT", "0");
    environment.put("PARLEY_DRAIN_SECONDS", "0");
    try (DynamoStore store = DynamoStore.open(DynamoLocal.endpoint(), prefix, true)) {
      try (Node node = QuickNode.start(Settings.from(environment))) {
        assertThat(node.listening()).isNotNull();
        Map<String, String> first = store.readNotes(PreviousIncarnation.PREFIX);
        assertThat(first).hasSize(1);
        await()
            .atMost(PreviousIncarnation.SIGN_OF_LIFE_INTERVAL.plusSeconds(10))
            .until(() -> !store.readNotes(PreviousIncarnation.PREFIX).equals(first));
      }
      assertThat(ShardCount.change(store, 512, time -> {}, line -> {})).isNull();
    }
  }

  private static int kept(Store store) {
    try {
      return store.shardsOrChanging(1, 1);
    } catch (StoreRefusedException e) {
      throw new AssertionError(e);
    }
  }

  /** Writes signs of life of a node with a clock of its own. */
  private static final class Beating {
    private final DynamoStore store;
    private final String name;
    private long next;

    Beating(DynamoStore store, String host, Duration off) {
      this.store = store;
      this.name = PreviousIncarnation.noteName(new HostPort(host, 25520));
      this.next = Instant.now().plus(off).plus(PreviousIncarnation.SILENCE).toEpochMilli();
    }

    void beat() {
      try {
        store.writeNote(name, next);
        next += 2_000;
      } catch (StoreRefusedException e) {
        throw new AssertionError(e);
      }
    }
  }

  @Test
  void aTableOfTheVersionBeforeHas128() throws Exception {
    try (DynamoStore store = DynamoStore.open(DynamoLocal.endpoint(), DynamoLocal.prefix(), true)) {
      String table = store.config().getString("dynamodb-journal.journal-table");
      DynamoRows.put(DynamoLocal.endpoint(), table, "journal-P-conversation|x-0");
      assertThat(store.shards(1024, 128)).isEqualTo(128);
    }
  }

  private Settings settings(@Nullable Integer shards) throws SettingsException {
    Map<String, String> all = new HashMap<>();
    all.put("PARLEY_DATA_DIR", folder.toString());
    all.put("PARLEY_PORT", "0");
    all.put("PARLEY_MANAGEMENT_PORT", "0");
    all.put("PARLEY_DRAIN_SECONDS", "0");
    all.put("PARLEY_RATE_MESSAGES_PER_MINUTE", "0");
    all.put("PARLEY_RATE_CONVERSATION_PER_SECOND", "0");
    all.put("PARLEY_RATE_REQUESTS_PER_SECOND", "0");
    if (shards != null) {
      all.put("PARLEY_SHARDS", String.valueOf(shards));
    }
    return Settings.from(all);
  }

  private static void talk(Node node) throws Exception {
    try (ParleyClient client = new ParleyClient(URI.create("http://" + node.listening()))) {
      TestAccount ann = client.register("ann");
      try (ParleySocket phone = client.connectSynced(ann, "phone")) {
        for (int i = 0; i < 20; i++) {
          phone.text(client.group(ann, "group " + i, List.of()), "hello");
        }
      }
    }
  }

  private static int shards(Node node) {
    return node.system().settings().config().getInt("pekko.cluster.sharding.number-of-shards");
  }

  private static Set<String> conversations(Node node) {
    return new TreeSet<>(shardsOf(node).keySet());
  }

  private static Map<String, Integer> shardsOf(Node node) {
    ActorRef<org.apache.pekko.cluster.sharding.typed.ClusterShardingQuery> query =
        ClusterSharding.get(node.system()).shardState();
    ShardRegion.CurrentShardRegionState state =
        TwoNodes.join(
            AskPattern.ask(
                query,
                replyTo -> new GetShardRegionState(Conversation.KEY, replyTo),
                Duration.ofSeconds(20),
                node.system().scheduler()));
    Map<String, Integer> found = new HashMap<>();
    state
        .getShards()
        .forEach(
            shard ->
                shard
                    .getEntityIds()
                    .forEach(id -> found.put(id, Integer.valueOf(shard.shardId()))));
    return found;
  }
}
