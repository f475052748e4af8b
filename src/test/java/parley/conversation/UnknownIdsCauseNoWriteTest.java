package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.persistence.testkit.javadsl.PersistenceTestKit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import parley.cursors.CursorLog;
import parley.model.ConversationId;
import parley.model.EntryIntent;
import parley.model.Profile;
import parley.model.UserId;
import parley.snapshot.SnapshotSchedule;
import parley.telemetry.Telemetry;
import parley.user.User;

/**
 * Requests that change nothing cause no write: neither events of the conversation nor sharding's
 * records of running entities, whether the conversation exists or not.
 */
class UnknownIdsCauseNoWriteTest {
  private static final int SHARDS = 16;
  private static final int ASKED = 1_000;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final ActorTestKit kit =
      ActorTestKit.create(
          "MadeUp",
          ConfigFactory.parseString(
                  "pekko.cluster.sharding.number-of-shards = "
                      + SHARDS
                      + "\n"
                      + "pekko.coordinated-shutdown.phases.cluster-sharding-shutdown-region.timeout"
                      + " = 2 s")
              .withFallback(ConversationHarness.IN_MEMORY));
  private final PersistenceTestKit journal = PersistenceTestKit.create(kit.system());
  private final Telemetry telemetry = new Telemetry();
  private final AtomicLong messageIds = new AtomicLong();
  private final AtomicInteger told = new AtomicInteger();
  private final AtomicReference<ActorRef<ShardingEnvelope<Conversation.Command>>> region =
      new AtomicReference<>();
  private final TestProbe<Conversation.PageReply> pages = kit.createTestProbe();
  private final TestProbe<Conversation.ReadReply> reads = kit.createTestProbe();
  private final TestProbe<Conversation.ViewReply> views = kit.createTestProbe();
  private final TestProbe<Conversation.PostReply> posts = kit.createTestProbe();

  @BeforeEach
  void start() {
    Cluster cluster = Cluster.get(kit.system());
    cluster.manager().tell(new Join(cluster.selfMember().address()));
    region.set(
        ConversationSharding.init(
            kit.system(),
            dependencies(
                new ConversationSettings(
                    Duration.ofMillis(1),
                    Duration.ofMillis(20),
                    Duration.ofMillis(200),
                    SnapshotSchedule.every(200),
                    "pekko.persistence.testkit.query",
                    true))));
  }

  private ConversationDependencies dependencies(ConversationSettings settings) {
    return new ConversationDependencies(
        settings,
        this::user,
        InstantSource.system(),
        () -> "m" + messageIds.incrementAndGet(),
        id -> tell(id, new Conversation.Wake()),
        telemetry,
        new NoArchive(),
        (id, message) ->
            ClusterSharding.get(kit.system())
                .entityRefFor(ConversationReminder.KEY, id.value())
                .tell(message),
        new LogScans(() -> {}, System::nanoTime),
        CursorLog.Sender.NONE);
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
    telemetry.close();
  }

  private void tell(ConversationId id, Conversation.Command command) {
    Objects.requireNonNull(region.get()).tell(new ShardingEnvelope<>(id.value(), command));
  }

  private void user(UserId user, User.Command message) {
    if (message instanceof User.GetProfile get) {
      get.replyTo()
          .tell(
              user.value().startsWith("nobody")
                  ? new User.NoSuchUser(user)
                  : new User.Found(new Profile(user, user.value(), user.value(), null)));
    }
    if (message instanceof User.Deliver deliver) {
      told.incrementAndGet();
      tell(
          deliver.conversationId(),
          new Conversation.FromUser(
              new User.Dispatched(user, deliver.header().lastSeq(), deliver.version())));
    }
  }

  /** The number of events ever written for these conversations. */
  private int writes(List<ConversationId> ids) {
    int writes = 0;
    for (ConversationId id : ids) {
      writes += journal.persistedInStorage("conversation|" + id.value()).size();
    }
    for (int shard = 0; shard < SHARDS; shard++) {
      for (String type : List.of("conversation", "conversation-reminder")) {
        writes += journal.persistedInStorage("/sharding/" + type + "Shard/" + shard).size();
      }
    }
    return writes;
  }

  private void askAll(List<ConversationId> ids, UserId who) {
    for (ConversationId id : ids) {
      tell(id, new Conversation.GetPage(who, null, null, 50, false, pages.getRef()));
      tell(id, new Conversation.GetView(who, views.getRef()));
      tell(id, new Conversation.Read(who, 1, reads.getRef()));
      tell(id, new Conversation.Typing(who, true));
    }
    pages.receiveSeveralMessages(ids.size(), PATIENCE);
    views.receiveSeveralMessages(ids.size(), PATIENCE);
    reads.receiveSeveralMessages(ids.size(), PATIENCE);
  }

  @Test
  void unknownIdsWriteNothing() {
    List<ConversationId> ids = new ArrayList<>();
    for (int i = 0; i < ASKED; i++) {
      ids.add(ConversationId.group("made-up-" + i));
    }
    askAll(ids, ConversationHarness.ANN);
    askAll(ids, ConversationHarness.ANN);
    for (int i = 0; i < 100; i++) {
      UserId nobody = new UserId("nobody" + i);
      ConversationId id = ConversationId.direct(ConversationHarness.ANN, nobody);
      ids.add(id);
      tell(id, new Conversation.OpenDirect(ConversationHarness.ANN, nobody, views.getRef()));
      tell(
          id,
          new Conversation.Post(
              ConversationHarness.ANN,
              "m",
              new EntryIntent.Text("hello", null, List.of()),
              nobody,
              posts.getRef()));
    }
    views.receiveSeveralMessages(100, PATIENCE);
    posts.receiveSeveralMessages(100, PATIENCE);
    // A write at the end of an incarnation would be visible at the start of the next.
    askAll(ids, ConversationHarness.ANN);
    assertThat(writes(ids)).as("writes for %s made-up ids", ids.size()).isZero();
  }

  @Test
  void readingAConversationWritesNothing() {
    List<ConversationId> ids = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      UserId peer = new UserId("u_" + i);
      ConversationId id = ConversationId.direct(ConversationHarness.ANN, peer);
      ids.add(id);
      tell(
          id,
          new Conversation.Post(
              ConversationHarness.ANN,
              "m",
              new EntryIntent.Text("hello", null, List.of()),
              peer,
              posts.getRef()));
    }
    posts.receiveSeveralMessages(ids.size(), PATIENCE);
    askAll(ids, ConversationHarness.ANN);
    // The conversations have left memory: each has recorded that everything is delivered, and no
    // reminder exists.
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                ids.stream()
                    .allMatch(
                        id ->
                            journal.persistedInStorage("conversation|" + id.value()).getLast()
                                instanceof ConversationEvent.Settled));
    AtomicInteger last = new AtomicInteger();
    await()
        .during(Duration.ofSeconds(1))
        .atMost(PATIENCE)
        .until(() -> last.getAndSet(writes(ids)) == writes(ids));
    int before = writes(ids);
    int toldBefore = told.get();
    for (int i = 0; i < 3; i++) {
      askAll(ids, ConversationHarness.ANN);
      // Longer than an idle entity stays in memory.
      await().during(Duration.ofMillis(700)).until(() -> true);
    }
    assertThat(writes(ids) - before).as("writes for 3 reads of %s", ids.size()).isZero();
    assertThat(told.get()).isEqualTo(toldBefore);
  }

  @Test
  void conversationCreatedAfterALookupIsFoundAtOnce() {
    for (int i = 0; i < 50; i++) {
      UserId peer = new UserId("late_" + i);
      ConversationId id = ConversationId.direct(ConversationHarness.ANN, peer);
      for (int asked = 0; asked < 3; asked++) {
        tell(id, new Conversation.GetView(ConversationHarness.ANN, views.getRef()));
        views.expectMessageClass(Conversation.Refused.class, PATIENCE);
      }
      tell(id, new Conversation.OpenDirect(ConversationHarness.ANN, peer, views.getRef()));
      views.expectMessageClass(Conversation.Viewed.class, PATIENCE);
      tell(id, new Conversation.GetView(ConversationHarness.ANN, views.getRef()));
      views.expectMessageClass(Conversation.Viewed.class, PATIENCE);
    }
  }
}
