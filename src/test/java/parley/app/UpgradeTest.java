package parley.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.ConfigFactory;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.cluster.sharding.ClusterShardingSettings;
import org.apache.pekko.cluster.sharding.internal.EventSourcedRememberEntitiesCoordinatorStore;
import org.apache.pekko.cluster.sharding.internal.EventSourcedRememberEntitiesShardStore;
import org.apache.pekko.cluster.sharding.internal.RememberEntitiesCoordinatorStore;
import org.apache.pekko.cluster.sharding.internal.RememberEntitiesShardStore;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.pattern.Patterns;
import org.apache.pekko.persistence.DeleteMessagesSuccess;
import org.apache.pekko.persistence.JournalProtocol;
import org.apache.pekko.persistence.Persistence;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.client.ClientIds;
import parley.client.DynamoLocal;
import parley.client.ParleyClient;
import parley.client.TestAccount;
import parley.conversation.Conversation;
import parley.conversation.ConversationDependencies;
import parley.conversation.ConversationEntity;
import parley.conversation.ConversationSettings;
import parley.model.ConversationId;
import parley.model.EntryIntent;
import parley.model.Profile;
import parley.model.UserId;
import parley.settings.Settings;
import parley.settings.SettingsException;
import parley.store.Store;
import parley.telemetry.Telemetry;
import parley.user.User;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The first start on data of the version before reminders. That version let sharding remember
 * conversations, and was killed before it had delivered everything.
 */
@Timeout(150)
class UpgradeTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path folder;

  @Test
  void pendingDeliveriesOfTheVersionBeforeAreSentAfterTheUpgrade() throws Exception {
    toldByItself(Map.of());
  }

  @Test
  void pendingDeliveriesAreSentWhenNodesShareAStore() throws Exception {
    toldByItself(DynamoLocal.environment(DynamoLocal.endpoint(), DynamoLocal.prefix()));
  }

  private void toldByItself(Map<String, String> more) throws Exception {
    Settings settings = settings(more);
    TestAccount ann;
    TestAccount ben;
    try (Node node = QuickNode.start(settings);
        ParleyClient client = client(node)) {
      ann = client.register(ClientIds.username("ann"));
      ben = client.register(ClientIds.username("ben"));
    }
    ConversationId id =
        leftByTheVersionBefore(settings, new UserId(ann.userId()), new UserId(ben.userId()));
    try (Node node = QuickNode.start(settings);
        ParleyClient client = client(node)) {
      // Ben asks for his inbox, which does not touch the conversation.
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                List<JsonNode> inbox = client.inbox(ben);
                assertThat(inbox.toString()).contains(id.value(), "owed to ben");
              });
    }
  }

  private static ConversationId leftByTheVersionBefore(Settings settings, UserId ann, UserId ben)
      throws Exception {
    ConversationId id = ConversationId.direct(ann, ben);
    try (Store store = VerifyCommand.open(settings);
        Telemetry telemetry = new Telemetry()) {
      ActorTestKit kit =
          ActorTestKit.create(
              "before",
              ConfigFactory.parseString("pekko.actor.provider = local")
                  .withFallback(NodeConfig.of(settings, store)));
      try {
        // That version knew no adoption.
        assertThat(
                Patterns.askWithReplyTo(
                        Persistence.get(kit.system()).journalFor("", ConfigFactory.empty()),
                        replyTo ->
                            new JournalProtocol.DeleteMessagesTo(
                                "adoption|conversations", Long.MAX_VALUE, replyTo),
                        PATIENCE)
                    .toCompletableFuture()
                    .join())
            .isInstanceOf(DeleteMessagesSuccess.class);
        post(kit, settings, store, telemetry, id, ann, ben);
        remember(kit, "17", id);
      } finally {
        kit.shutdownTestKit();
      }
    }
    return id;
  }

  /** Writes a message that is in the journal; the node was killed before Ben had received it. */
  private static void post(
      ActorTestKit kit,
      Settings settings,
      Store store,
      Telemetry telemetry,
      ConversationId id,
      UserId ann,
      UserId ben) {
    ConversationDependencies environment =
        new ConversationDependencies(
            ConversationSettings.standard(
                store.readJournal(), settings.store().kind() == Settings.StoreKind.DYNAMODB),
            (to, message) -> {
              if (message instanceof User.GetProfile get) {
                get.replyTo().tell(new User.Found(new Profile(to, to.value(), to.value(), null)));
              }
            },
            InstantSource.system(),
            () -> "01J00000000000000000000000",
            one -> {},
            telemetry);
    TestProbe<ClusterSharding.ShardCommand> shard = kit.createTestProbe();
    TestProbe<Conversation.PostReply> posts = kit.createTestProbe();
    kit.spawn(ConversationEntity.create(id, environment, shard.getRef()))
        .tell(
            new Conversation.Post(
                ann,
                "c-1",
                new EntryIntent.Text("owed to ben", null, List.of()),
                ben,
                posts.getRef()));
    posts.expectMessageClass(Conversation.Posted.class, PATIENCE);
  }

  /** As sharding wrote it, with its own actors. */
  private static void remember(ActorTestKit kit, String shard, ConversationId id) {
    String type = Conversation.KEY.name();
    ExtendedActorSystem system = (ExtendedActorSystem) Adapter.toClassic(kit.system());
    ClusterShardingSettings settings = ClusterShardingSettings.create(system);
    ActorRef shards =
        system.systemActorOf(
            EventSourcedRememberEntitiesCoordinatorStore.props(type, settings), "shards");
    ActorRef entities =
        system.systemActorOf(
            EventSourcedRememberEntitiesShardStore.props(type, shard, settings), "entities");
    assertThat(ask(shards, new RememberEntitiesCoordinatorStore.AddShard(shard)))
        .isInstanceOf(RememberEntitiesCoordinatorStore.UpdateDone.class);
    assertThat(
            ask(
                entities,
                new RememberEntitiesShardStore.Update(
                    CollectionConverters.asScala(Set.of(id.value(), "g_never")).toSet(),
                    CollectionConverters.asScala(Set.<String>of()).toSet())))
        .isInstanceOf(RememberEntitiesShardStore.UpdateDone.class);
  }

  private static Object ask(ActorRef store, Object message) {
    return Patterns.ask(store, message, PATIENCE).toCompletableFuture().join();
  }

  private Settings settings(Map<String, String> more) throws SettingsException {
    Map<String, String> all = new HashMap<>(more);
    all.put("PARLEY_DATA_DIR", folder.toString());
    all.put("PARLEY_PORT", "0");
    all.put("PARLEY_MANAGEMENT_PORT", "0");
    all.put("PARLEY_DRAIN_SECONDS", "0");
    return Settings.from(all);
  }

  private static ParleyClient client(Node node) {
    return new ParleyClient(URI.create("http://" + node.listening()));
  }
}
