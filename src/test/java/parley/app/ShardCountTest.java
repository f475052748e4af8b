package parley.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.sharding.ShardRegion;
import org.apache.pekko.cluster.sharding.typed.GetShardRegionState;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.client.Account;
import parley.client.DynamoLocal;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.conversation.Conversation;
import parley.store.DynamoStore;
import parley.store.EmbeddedStore;
import parley.store.Store;
import parley.store.StoreRefusedException;

/** The number of shards: kept by the store, and changed only where nobody runs. */
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

  /** Data of the version before: no number is kept, conversations are remembered by 128. */
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

    // All that was remembered comes back by itself, each where it belongs now.
    try (Node node = QuickNode.start(settings(1024))) {
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() -> assertThat(conversations(node)).isEqualTo(remembered));
      for (String id : remembered) {
        assertThat(shardsOf(node).get(id)).isEqualTo(Math.abs(id.hashCode() % 1024));
      }
    }
    // And once more, from what the new shards have on their own lists.
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
      assertThat(ShardCount.change(store, 256, InstantSource.system())).isNull();
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
      // Two that were told different numbers and come at the same moment.
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
      assertThatThrownBy(() -> ShardCount.agreed(one, before == 1024 ? 2048 : 1024))
          .isInstanceOf(SettingsException.class);

      InstantSource clock = InstantSource.fixed(Instant.now());
      LastLife life = LastLife.after(one, new HostPort("10.0.0.1", 25520), clock, time -> {});
      assertThat(ShardCount.change(two, 512, clock)).contains("10.0.0.1:25520");
      assertThat(two.shards(1, 1)).isEqualTo(before);
      life.left();
      life.close();
      InstantSource later = InstantSource.fixed(clock.instant().plus(LastLife.LEFT).plusMillis(1));
      assertThat(ShardCount.change(two, 512, later)).isNull();
      assertThat(one.shards(1, 1)).isEqualTo(512);
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
    all.put("PARLEY_RATE_REQUESTS_PER_SECOND", "0");
    if (shards != null) {
      all.put("PARLEY_SHARDS", String.valueOf(shards));
    }
    return Settings.from(all);
  }

  private static void talk(Node node) throws Exception {
    try (ParleyClient client = new ParleyClient(URI.create("http://" + node.listening()))) {
      Account ann = client.register("ann");
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
