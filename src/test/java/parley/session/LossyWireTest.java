package parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.RecipientRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.testkit.PersistenceTestKitPlugin;
import org.apache.pekko.persistence.testkit.PersistenceTestKitSnapshotPlugin;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import parley.conversation.Conversation;
import parley.conversation.ConversationDependencies;
import parley.conversation.ConversationEntity;
import parley.conversation.ConversationSettings;
import parley.model.ConversationId;
import parley.model.ConversationView.MemberView;
import parley.model.InboxRow;
import parley.model.UserId;
import parley.snapshot.SnapshotSchedule;
import parley.telemetry.Telemetry;
import parley.user.AccountLogins;
import parley.user.PushDependencies;
import parley.user.User;
import parley.user.UserDependencies;
import parley.user.UserSettings;
import parley.user.UserSharding;

/**
 * Real sessions, users and a conversation over a transport that loses one message in ten. In the
 * end everybody has every entry, once and in order, and all counters agree.
 */
@Timeout(180)
class LossyWireTest {
  private static final List<UserId> PEOPLE =
      List.of(new UserId("u_ann"), new UserId("u_ben"), new UserId("u_cat"));
  private static final int EACH = 40;

  /** Entities repeat messages after seconds, so their clock runs faster by this factor. */
  private static final int HASTE = 20;

  /** The entities read the clock more often than that, unless the process stalls. */
  private static final long LONGEST_STEP_MILLIS = 100;

  private static final Config CONFIG =
      ConfigFactory.parseString(
              """
              pekko.actor.serialization-bindings {
                "parley.serial.Stored" = jackson-cbor
                "parley.serial.Wire" = jackson-cbor
              }
              pekko.persistence.testkit.events.serialize = off
              pekko.persistence.testkit.snapshots.serialize = off
              pekko.persistence.testkit.query.class =
                "org.apache.pekko.persistence.testkit.query.PersistenceTestKitReadJournalProvider"
              pekko.loglevel = WARNING
              """)
          .withFallback(PersistenceTestKitPlugin.getInstance().config())
          .withFallback(PersistenceTestKitSnapshotPlugin.config())
          .withFallback(ConfigFactory.load());

  private final Telemetry telemetry = new Telemetry();
  private final ActorTestKit kit = ActorTestKit.create("LossyWire", CONFIG);
  private final ConversationId group = ConversationId.group("1");
  private final Map<UserId, ActorRef<User.Command>> users = new HashMap<>();
  private final TestProbe<ClusterSharding.ShardCommand> shard = kit.createTestProbe();

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  /**
   * A fast clock that does not count stalls of the test's process. Otherwise a stall of two seconds
   * would let a user entity give up its repeats, which it does after half a minute.
   */
  private static InstantSource clock() {
    AtomicLong read = new AtomicLong(System.currentTimeMillis());
    AtomicLong time = new AtomicLong(read.get());
    return () -> {
      long now = System.currentTimeMillis();
      long passed = Math.max(0, now - read.getAndSet(now));
      return Instant.ofEpochMilli(time.addAndGet(HASTE * Math.min(LONGEST_STEP_MILLIS, passed)));
    };
  }

  private static SessionSettings settings() {
    return new SessionSettings(
        Duration.ofSeconds(10),
        Duration.ofSeconds(1),
        Duration.ofMinutes(10),
        Duration.ofMillis(150),
        Duration.ofMillis(500),
        Duration.ofMinutes(10),
        Duration.ofMillis(5),
        Duration.ofMillis(300),
        Duration.ofMinutes(1),
        Duration.ofMillis(50),
        1024 * 1024,
        512 * 1024,
        256 * 1024,
        Duration.ofSeconds(10),
        Duration.ofSeconds(1),
        Duration.ofMillis(200),
        Duration.ofMinutes(1),
        Duration.ofSeconds(5));
  }

  private ActorRef<Conversation.Command> start(LossyWire wire) {
    InstantSource clock = clock();
    AtomicLong ids = new AtomicLong();
    ActorRef<Conversation.Command> conversation =
        kit.spawn(
            ConversationEntity.create(
                group,
                new ConversationDependencies(
                    new ConversationSettings(
                        Duration.ofMillis(5),
                        Duration.ofMillis(50),
                        Duration.ofHours(1),
                        SnapshotSchedule.every(50),
                        "pekko.persistence.testkit.query"),
                    (to, message) -> {
                      // The client repeats a lost request; this test is not about that.
                      if (message instanceof User.GetProfile) {
                        user(to).tell(message);
                      } else {
                        wire.carry(user(to), message);
                      }
                    },
                    clock,
                    () -> "m" + ids.incrementAndGet(),
                    id -> {},
                    telemetry),
                shard.getRef()));
    for (UserId person : PEOPLE) {
      ActorRef<User.Command> user =
          kit.spawn(
              UserSharding.create(
                  person,
                  new UserDependencies(
                      new UserSettings(
                          Duration.ofMillis(20),
                          Duration.ofMillis(200),
                          Duration.ofDays(1),
                          Duration.ofSeconds(150),
                          SnapshotSchedule.every(20)),
                      (to, message) -> wire.carry(conversation, new Conversation.FromUser(message)),
                      AccountLogins.NONE,
                      clock,
                      PushDependencies.off(),
                      telemetry.entities()),
                  shard.getRef()));
      TestProbe<User.ProfileReply> made = kit.createTestProbe();
      user.tell(new User.Ensure(person.value(), person.value(), made.getRef()));
      made.receiveMessage();
      users.put(person, user);
    }
    return conversation;
  }

  private ActorRef<User.Command> user(UserId id) {
    ActorRef<User.Command> user = users.get(id);
    if (user == null) {
      throw new AssertionError("nobody is " + id);
    }
    return user;
  }

  private SessionDependencies dependencies(
      LossyWire wire, UserId me, ActorRef<Conversation.Command> conversation) {
    ActorRef<User.Command> user = kit.spawn(wire.user(user(me)));
    ActorRef<Conversation.Command> remote = kit.spawn(wire.conversation(conversation));
    AtomicLong sessions = new AtomicLong();
    return new SessionDependencies(
        new EntityRefs() {
          @Override
          public RecipientRef<User.Command> user(UserId id) {
            return user;
          }

          @Override
          public RecipientRef<Conversation.Command> conversation(ConversationId id) {
            return remote;
          }
        },
        token ->
            CompletableFuture.completedFuture(
                new Authenticator.Accepted(
                    me, me.value(), System.currentTimeMillis() + 3_600_000, false)),
        new MessageRate(0),
        SessionMeters.NONE,
        Ticker.system(),
        () -> me + "-" + sessions.incrementAndGet(),
        "epoch-1",
        settings());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void everyDeviceEndsWithAllEntriesOverALossyConnection(long seed) {
    LossyWire wire = new LossyWire(kit, seed, 0.1);
    ActorRef<Conversation.Command> conversation = start(wire);
    List<LossyDevice> devices = new ArrayList<>();
    for (UserId person : PEOPLE) {
      devices.add(new LossyDevice(kit, dependencies(wire, person, conversation), person, group));
    }
    // A device sees entries after its first hello, including the group's first entry.
    Awaitility.await().until(() -> devices.stream().allMatch(LossyDevice::welcomed));
    TestProbe<Conversation.ViewReply> view = kit.createTestProbe();
    conversation.tell(
        new Conversation.CreateGroup(PEOPLE.getFirst(), "All", null, PEOPLE, view.getRef()));
    view.expectMessageClass(Conversation.Viewed.class);
    for (int i = 0; i < EACH; i++) {
      for (LossyDevice device : devices) {
        device.write(device.user + "-" + i);
      }
      if (i % 10 == 9) {
        long want = (i + 1L) * PEOPLE.size() / 2;
        Awaitility.await()
            .atMost(Duration.ofSeconds(20))
            .untilAsserted(
                () ->
                    assertThat(devices.getFirst().have())
                        .as("%s, seed %d", devices, seed)
                        .isGreaterThanOrEqualTo(want));
      }
    }
    long last = 1 + (long) EACH * PEOPLE.size();
    Awaitility.await()
        .atMost(Duration.ofSeconds(90))
        .untilAsserted(
            () -> {
              for (LossyDevice device : devices) {
                assertThat(device.unsent()).as("%s, seed %d", device.user, seed).isZero();
                assertThat(device.have()).as("%s, seed %d", device.user, seed).isEqualTo(last);
              }
            });
    List<Long> seqs = new ArrayList<>();
    for (LossyDevice device : devices) {
      assertThat(device.complaints).isEmpty();
      assertThat(device.sent()).hasSize(EACH);
      seqs.addAll(device.sent().values());
    }
    assertThat(seqs).doesNotHaveDuplicates().hasSize((int) last - 1);
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> countersAgree(conversation, last));
    assertThat(wire.lost.get()).as("lost of %d", wire.carried.get()).isGreaterThan(20);
    // Losses were noticed, and connections survived them.
    assertThat(wire.resumed.get()).isPositive();
  }

  private void countersAgree(ActorRef<Conversation.Command> conversation, long last) {
    TestProbe<Conversation.ViewReply> view = kit.createTestProbe();
    conversation.tell(new Conversation.GetView(PEOPLE.getFirst(), view.getRef()));
    var viewed = view.expectMessageClass(Conversation.Viewed.class).view();
    assertThat(viewed.members()).extracting(MemberView::deliveredSeq).containsOnly(last);
    for (UserId person : PEOPLE) {
      TestProbe<User.InboxReply> inbox = kit.createTestProbe();
      user(person).tell(new User.GetInbox(10, null, inbox.getRef()));
      InboxRow row = inbox.expectMessageClass(User.Inbox.class).page().conversations().getFirst();
      assertThat(row.lastSeq()).isEqualTo(last);
      assertThat(row.unreadCount()).isEqualTo(2L * EACH);
      assertThat(row.peerDeliveredSeq()).isEqualTo(last);
    }
  }
}
