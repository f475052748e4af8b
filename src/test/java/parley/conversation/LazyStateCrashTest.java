package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.testkit.PersistenceTestKitPlugin;
import org.apache.pekko.persistence.testkit.PersistenceTestKitSnapshotPlugin;
import org.apache.pekko.persistence.testkit.javadsl.PersistenceTestKit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import parley.cursors.CursorLog;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.model.InboxRow;
import parley.model.UserId;
import parley.snapshot.SnapshotSchedule;
import parley.telemetry.EntityMeters;
import parley.telemetry.MessageTrail;
import parley.telemetry.Telemetry;
import parley.user.AccountLogins;
import parley.user.Delivery;
import parley.user.PushDependencies;
import parley.user.RowSamples;
import parley.user.User;
import parley.user.UserDependencies;
import parley.user.UserSettings;
import parley.user.UserSharding;

/**
 * Real users and a real conversation that crash at random, while rows, cursors and acknowledgements
 * wait in memory or in the cursor log. What a person has seen never goes back, at the end all
 * agree, and then nobody sends anything.
 */
@Timeout(120)
class LazyStateCrashTest {
  /** How much faster the clock of the entities runs than their timers. */
  private static final int HASTE = 20;

  private static final int STEPS = 400;

  /** How often an answer is looked for; at least 2 ms lie between. */
  private static final int PATIENCE = 10_000;

  private static final List<UserId> PEOPLE =
      List.of(new UserId("u_ann"), new UserId("u_ben"), new UserId("u_cat"));

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

  private final ActorTestKit kit =
      ActorTestKit.create("LazyStateCrash", ManualTime.config().withFallback(CONFIG));
  private final ManualTime time = ManualTime.get(kit.system());
  private final AtomicLong now = new AtomicLong(1_700_000_000_000L);
  private final ConversationId group = ConversationId.group("1");
  private final TestProbe<ClusterSharding.ShardCommand> shard = kit.createTestProbe();
  private final List<String> complaints = java.util.Collections.synchronizedList(new ArrayList<>());
  private final Map<Long, UserId> authors = new ConcurrentHashMap<>();
  private final AtomicLong told = new AtomicLong();
  private Random random = new Random();
  private double loss;

  /** An entity that starts with its next message. */
  private final class Place<T> {
    private final Supplier<Behavior<T>> make;
    private @Nullable ActorRef<T> ref;

    Place(Supplier<Behavior<T>> make) {
      this.make = make;
    }

    synchronized void tell(T message) {
      if (ref == null) {
        ref = kit.spawn(make.get());
      }
      ref.tell(message);
    }

    synchronized void crash() {
      if (ref != null) {
        kit.stop(ref, Duration.ofSeconds(20));
        ref = null;
      }
    }
  }

  private final class Log implements CursorLog.Sender {
    private final ManualCursorLog log = new ManualCursorLog();

    @Override
    public void tell(CursorLog.Command message) {
      if (!lost()) {
        log.tell(message);
      }
    }

    @Override
    public boolean mayHold() {
      return true;
    }

    @Override
    public boolean isOpen() {
      return true;
    }
  }

  private final Map<UserId, Place<User.Command>> users = new HashMap<>();
  private final Log log = new Log();

  private Place<Conversation.Command> conversation = new Place<>(Behaviors::empty);

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private boolean lost() {
    synchronized (this) {
      return random.nextDouble() < loss;
    }
  }

  /** Lets time pass for timers, and more of it for the clock. */
  private void pass(Duration duration) {
    now.addAndGet(HASTE * duration.toMillis());
    time.timePasses(duration);
  }

  /** Asks, and lets time pass until the answer comes: a question or an answer may be lost. */
  private <T> T ask(Consumer<ActorRef<T>> question) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    question.accept(
        kit.spawn(
            Behaviors.receiveMessage(
                message -> {
                  answer.complete(message);
                  return Behaviors.stopped();
                })));
    for (int i = 0; i < PATIENCE; i++) {
      try {
        return answer.get(2, TimeUnit.MILLISECONDS);
      } catch (TimeoutException notYet) {
        pass(Duration.ofMillis(20));
      } catch (InterruptedException | ExecutionException e) {
        throw new IllegalStateException(e);
      }
    }
    throw new AssertionError("no answer");
  }

  /** Waits until every user has handled what it was sent before. */
  private void settle() {
    for (UserId person : PEOPLE) {
      ask((ActorRef<User.ProfileReply> to) -> user(person).tell(new User.GetProfile(to)));
    }
  }

  private void start(long seed) {
    random = new Random(seed);
    InstantSource clock = () -> Instant.ofEpochMilli(now.get());
    AtomicLong ids = new AtomicLong();
    conversation =
        new Place<>(
            () ->
                ConversationEntity.create(
                    group,
                    new ConversationDependencies(
                        new ConversationSettings(
                            Duration.ofMillis(5),
                            Duration.ofMillis(50),
                            Duration.ofHours(1),
                            new SnapshotSchedule(50, 100),
                            "pekko.persistence.testkit.query",
                            true,
                            Duration.ofSeconds(1)),
                        (to, message) -> {
                          told.incrementAndGet();
                          if (message instanceof User.GetProfile || !lost()) {
                            user(to).tell(message);
                          }
                        },
                        clock,
                        () -> "m" + ids.incrementAndGet(),
                        id -> {},
                        new Telemetry(),
                        new NoArchive(),
                        ConversationReminder.Sender.NONE,
                        new LogScans(() -> {}, System::nanoTime),
                        log),
                    shard.getRef()));
    for (UserId person : PEOPLE) {
      users.put(
          person,
          new Place<>(
              () ->
                  UserSharding.create(
                      person,
                      new UserDependencies(
                          new UserSettings(
                              Duration.ofMillis(12),
                              Duration.ofSeconds(2),
                              Duration.ofDays(1),
                              Duration.ofSeconds(150),
                              new SnapshotSchedule(20, 40)),
                          (to, message) -> {
                            told.incrementAndGet();
                            if (!lost()) {
                              conversation.tell(new Conversation.FromUser(message));
                            }
                          },
                          AccountLogins.NONE,
                          clock,
                          PushDependencies.off(),
                          new EntityMeters(new SimpleMeterRegistry(), clock),
                          rows::add,
                          MessageTrail.OFF),
                      shard.getRef())));
      ask(
          (ActorRef<User.ProfileReply> to) ->
              user(person).tell(new User.Ensure(person.value(), person.value(), to)));
    }
    ask(
        (ActorRef<Conversation.ViewReply> to) ->
            conversation.tell(
                new Conversation.CreateGroup(PEOPLE.getFirst(), "All", null, PEOPLE, to)));
    PersistenceTestKit journal = PersistenceTestKit.create(kit.system());
    Awaitility.await()
        .until(
            () -> {
              pass(Duration.ofMillis(20));
              return PEOPLE.stream()
                  .allMatch(
                      person ->
                          journal.persistedInStorage("user|" + person).stream()
                              .anyMatch(
                                  event -> event.getClass().getSimpleName().equals("Flushed")));
            });
  }

  private Place<User.Command> user(UserId id) {
    return java.util.Objects.requireNonNull(users.get(id));
  }

  /** The rows that users have written, also those that a crash has lost. */
  private final Queue<RowSamples.Row> rows = new ConcurrentLinkedQueue<>();

  private final Map<UserId, Long> shownRead = new ConcurrentHashMap<>();
  private final Map<UserId, Long> shownLast = new ConcurrentHashMap<>();
  private final Map<UserId, AtomicLong> refused = new ConcurrentHashMap<>();
  private final Map<UserId, AtomicLong> shown = new ConcurrentHashMap<>();

  private Behavior<User.InboxReply> watcher(UserId me) {
    return Behaviors.receiveMessage(
        reply -> {
          if (reply instanceof User.Inbox inbox) {
            for (InboxRow row : inbox.page().conversations()) {
              check(me, row, "inbox");
            }
            shown.computeIfAbsent(me, u -> new AtomicLong()).incrementAndGet();
          } else {
            refused.computeIfAbsent(me, u -> new AtomicLong()).incrementAndGet();
          }
          return Behaviors.same();
        });
  }

  private void check(UserId me, InboxRow row, String what) {
    long read = shownRead.merge(me, row.readSeq(), Math::max);
    long last = shownLast.merge(me, row.lastSeq(), Math::max);
    if (read > row.readSeq()) {
      complaints.add(what + " " + me + " read " + row.readSeq() + " after " + read);
    }
    if (last > row.lastSeq()) {
      complaints.add(what + " " + me + " last " + row.lastSeq() + " after " + last);
    }
  }

  private long count(UserId me, long read, long to) {
    return authors.entrySet().stream()
        .filter(e -> e.getKey() > read && e.getKey() <= to && !e.getValue().equals(me))
        .count();
  }

  @ParameterizedTest
  @ValueSource(longs = {6, 11, 13, 0})
  void nothingGoesBack(long given) {
    long seed = given != 0 ? given : Long.getLong("parley.seed", System.nanoTime());
    System.out.println("LazyStateCrashTest: seed " + seed);
    start(seed);
    loss = seed % 2 == 0 ? 0.0 : 0.05;
    Map<UserId, ActorRef<User.InboxReply>> watchers = new HashMap<>();
    PEOPLE.forEach(person -> watchers.put(person, kit.spawn(watcher(person))));
    TestProbe<Delivery> nobody = kit.createTestProbe();
    long last = 1;
    int n = 0;
    Map<UserId, Long> viewedRead = new HashMap<>();
    Map<UserId, Long> viewedDelivered = new HashMap<>();
    for (int i = 0; i < STEPS; i++) {
      UserId who = PEOPLE.get(random.nextInt(3));
      switch (random.nextInt(20)) {
        case 0, 1, 2, 3 -> {
          last = post(who, "c" + n, random.nextBoolean());
          n++;
          authors.put(last, who);
        }
        case 4, 5, 6 ->
            conversation.tell(new Conversation.Read(who, 1 + random.nextInt((int) last), null));
        case 7 -> conversation.tell(new Conversation.Read(who, last, null));
        case 8, 9, 10, 11 ->
            user(who)
                .tell(
                    new User.GetInbox(
                        10, null, java.util.Objects.requireNonNull(watchers.get(who))));
        case 12 -> user(who).crash();
        case 13 -> {
          if (random.nextInt(3) == 0) {
            conversation.crash();
            conversation.tell(new Conversation.Wake());
          }
        }
        case 14 -> {
          if (random.nextInt(3) == 0) {
            user(who).crash();
            conversation.crash();
            conversation.tell(new Conversation.Wake());
          }
        }
        case 15 -> {
          user(who)
              .tell(
                  new User.Attach(
                      who, new DeviceId("d"), "test", "s" + i, false, false, nobody.getRef()));
          user(who)
              .tell(
                  new User.Acked(
                      new DeviceId("d"), "s" + i, List.of(new User.Ack(group, last, last))));
        }
        case 16 -> {
          Conversation.ViewReply reply = view();
          if (reply instanceof Conversation.Viewed viewed) {
            viewed
                .view()
                .members()
                .forEach(
                    m -> {
                      if (viewedRead.merge(m.userId(), m.readSeq(), Math::max) > m.readSeq()
                          || viewedDelivered.merge(m.userId(), m.deliveredSeq(), Math::max)
                              > m.deliveredSeq()) {
                        complaints.add("view " + m);
                      }
                    });
          }
        }
        default -> {
          settle();
          pass(Duration.ofMillis(random.nextInt(20) == 0 ? 400 : random.nextInt(15)));
        }
      }
    }
    long end = last;
    assertThat(complaints).as("seed %d", seed).isEmpty();
    Awaitility.await()
        .atMost(Duration.ofSeconds(40))
        .pollInterval(Duration.ofMillis(5))
        .untilAsserted(
            () -> {
              pass(Duration.ofMillis(100));
              agree(seed, end);
            });
    assertThat(complaints).as("seed %d", seed).isEmpty();
    assertThat(shown.values()).as("inboxes were shown").isNotEmpty();
    rest(seed);
    // Before, a row may be of two moments: a count comes with the first of several messages.
    Map<UserId, RowSamples.Row> written = new HashMap<>();
    rows.forEach(row -> written.put(row.user(), row));
    assertThat(written.values())
        .as("the last rows that were written, seed %d", seed)
        .hasSize(PEOPLE.size())
        .allSatisfy(
            row ->
                assertThat(row.unread())
                    .as("%s", row)
                    .isEqualTo(count(row.user(), row.read(), row.last())));
  }

  /** Everything that waits is written; then nothing is left to say. */
  private void rest(long seed) {
    AtomicLong before = new AtomicLong(-1);
    Awaitility.await()
        .atMost(Duration.ofSeconds(40))
        .pollInterval(Duration.ofMillis(5))
        .until(
            () -> {
              for (int i = 0; i < 10; i++) {
                pass(Duration.ofMillis(500));
                settle();
              }
              return before.getAndSet(told.get()) == told.get();
            });
    System.out.println(
        "LazyStateCrashTest: seed " + seed + " inboxes " + shown + " held " + refused);
  }

  private long post(UserId who, String id, boolean fromDevice) {
    for (int i = 0; i < 20; i++) {
      Conversation.PostReply reply =
          ask(
              (ActorRef<Conversation.PostReply> to) ->
                  conversation.tell(
                      new Conversation.Post(
                          who, id, ConversationHarness.text("text"), null, to, 0, fromDevice)));
      if (reply instanceof Conversation.Posted posted) {
        return posted.seq();
      }
    }
    throw new AssertionError("not posted");
  }

  private Conversation.ViewReply view() {
    return ask(
        (ActorRef<Conversation.ViewReply> to) ->
            conversation.tell(new Conversation.GetView(PEOPLE.getFirst(), to)));
  }

  private void agree(long seed, long last) {
    assertThat(view()).isInstanceOf(Conversation.Viewed.class);
    var viewed = ((Conversation.Viewed) view()).view();
    for (var member : viewed.members()) {
      User.InboxReply reply =
          ask(
              (ActorRef<User.InboxReply> to) ->
                  user(member.userId()).tell(new User.GetInbox(10, null, to)));
      assertThat(reply).isInstanceOf(User.Inbox.class);
      InboxRow row = ((User.Inbox) reply).page().conversations().getFirst();
      assertThat(row.lastSeq()).as("seed %d %s", seed, member).isEqualTo(last);
      assertThat(row.readSeq()).as("seed %d %s", seed, member).isEqualTo(member.readSeq());
      assertThat(row.unreadCount())
          .as("seed %d %s", seed, member)
          .isEqualTo(count(member.userId(), row.readSeq(), last));
    }
  }
}
