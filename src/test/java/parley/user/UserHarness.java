package parley.user;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import org.apache.pekko.persistence.testkit.javadsl.PersistenceTestKit;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.model.DeviceView;
import parley.model.InboxRow;
import parley.model.UserId;
import parley.push.DeadLetter;
import parley.push.Platform;
import parley.push.PushOutcome;
import parley.push.PushService;
import parley.snapshot.SnapshotSchedule;
import parley.telemetry.EntityMeters;

/**
 * A user in a world that the test plays. The flush timer and the notice timer never fire by
 * themselves: the test fires them, so nothing depends on the speed of the machine.
 */
final class UserHarness implements AutoCloseable {
  /** A message to a conversation. */
  record Sent(ConversationId to, User.ToConversation message) {}

  /** A clock that only the test moves. */
  static final class Clock implements InstantSource {
    private final AtomicLong millis = new AtomicLong(1_000);

    void advance(long by) {
      millis.addAndGet(by);
    }

    @Override
    public Instant instant() {
      return Instant.ofEpochMilli(millis.get());
    }
  }

  final ActorTestKit kit =
      ActorTestKit.create(
          EventSourcedBehaviorTestKit.config().withFallback(UserTestData.serialization()));
  final Clock clock = new Clock();
  private final Map<TestProbe<Delivery>, Deque<Delivery.Numbered>> together = new HashMap<>();
  UserSettings settings = settings(Duration.ZERO);

  /** Logins that ended with a device. The account confirms at once, or never while it is away. */
  final List<String> endedLogins = Collections.synchronizedList(new ArrayList<>());

  volatile boolean accountsAway;

  private final AccountLogins logins =
      (username, sid) -> {
        endedLogins.add(username + " " + sid);
        return accountsAway
            ? CompletableFuture.failedFuture(new TimeoutException("nobody there"))
            : CompletableFuture.completedFuture(true);
      };

  final List<Sent> conversations = Collections.synchronizedList(new ArrayList<>());
  final TestProbe<ClusterSharding.ShardCommand> shard = kit.createTestProbe();

  /** A dead letter in flight. */
  record Letter(DeadLetter letter, long reference) {}

  final List<PushService.Send> sends = Collections.synchronizedList(new ArrayList<>());
  final List<Letter> letters = Collections.synchronizedList(new ArrayList<>());
  final List<UserReminder.Command> reminders = Collections.synchronizedList(new ArrayList<>());
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final EntityMeters entityMeters = new EntityMeters(meters, clock);
  private PushDependencies pushDependencies = PushDependencies.off();

  /** The answer to the next claim of a push token. */
  volatile CompletableFuture<Long> claim = CompletableFuture.completedFuture(0L);

  /**
   * Released tokens, as "hash claim". The owner record confirms at once, or never while it is away.
   */
  final List<String> released = Collections.synchronizedList(new ArrayList<>());

  volatile boolean ownersAway;

  /** How tokens were claimed, as "hash held onlyIfFree". */
  final List<String> claims = Collections.synchronizedList(new ArrayList<>());

  private final PushTokens.Claims tokens =
      new PushTokens.Claims() {
        @Override
        public CompletableFuture<Long> claim(
            UserId user, String hash, long held, boolean onlyIfFree) {
          claims.add(hash + " " + held + " " + onlyIfFree);
          return claim;
        }

        @Override
        public CompletableFuture<?> release(UserId user, String hash, long claim) {
          released.add(hash + " " + claim);
          return ownersAway
              ? CompletableFuture.failedFuture(new TimeoutException("nobody there"))
              : CompletableFuture.completedFuture(true);
        }
      };

  private static UserSettings settings(Duration deferredFlushAfter) {
    return new UserSettings(
        Duration.ofDays(1),
        deferredFlushAfter,
        Duration.ofDays(1),
        Duration.ofSeconds(150),
        SnapshotSchedule.every(5));
  }

  /** Before the start: changes of lively rows may wait. */
  void changesMayWait() {
    settings = settings(Duration.ofDays(1));
  }

  /** From the next start on, Apple devices are pushed to; the lists above record it. */
  void pushes() {
    pushDependencies =
        new PushDependencies(
            Set.of(Platform.APNS),
            sends::add,
            (letter, reference, replyTo) -> letters.add(new Letter(letter, reference)),
            (to, command) -> reminders.add(command),
            tokens,
            new PushSettings(
                Duration.ofSeconds(5),
                Duration.ofSeconds(30),
                Duration.ofSeconds(4),
                Duration.ofHours(1),
                Duration.ofMinutes(2),
                () -> 0.5),
            new PushOutboxMeters(meters));
  }

  /** Answers like an existing reminder. */
  void remind() {
    for (UserReminder.Command command : List.copyOf(reminders)) {
      if (command instanceof UserReminder.Keep keep) {
        tell(new UserPush.Reminded(keep.nr()));
      }
    }
    reminders.clear();
  }

  /** Answers the oldest push as the provider, and waits until the outcome is in the journal. */
  PushService.Send answer(PushOutcome pushOutcome) {
    PushService.Send send = sends.removeFirst();
    send.replyTo().tell(new PushService.Sent(send.reference(), pushOutcome));
    flush();
    return send;
  }

  /** Moves the clock, and fires the timer of pushes. */
  void pass(Duration time) {
    clock.advance(time.toMillis());
    tell(new UserInternal.PushDue());
  }

  private @Nullable EventSourcedBehaviorTestKit<User.Command, UserEvent, UserState> user;

  void start() {
    user =
        EventSourcedBehaviorTestKit.create(
            kit.system(),
            UserSharding.create(
                UserTestData.ALICE,
                new UserDependencies(
                    settings,
                    (to, message) -> conversations.add(new Sent(to, message)),
                    logins,
                    clock,
                    pushDependencies,
                    entityMeters),
                shard.getRef()),
            EventSourcedBehaviorTestKit.enabledSerializationSettings()
                .withVerifyState(false)
                .withVerifyEquality(true));
  }

  @Override
  public void close() {
    kit.shutdownTestKit();
  }

  private EventSourcedBehaviorTestKit<User.Command, UserEvent, UserState> user() {
    return Objects.requireNonNull(user);
  }

  /** Sends a command, waits until it is handled, and returns the persisted events. */
  List<UserEvent> tell(User.Command command) {
    return user().runCommand(command).events();
  }

  void tellOnly(User.Command command) {
    ref().tell(command);
  }

  private ActorRef<User.Command> ref() {
    return Objects.requireNonNull(ref);
  }

  private @Nullable ActorRef<User.Command> ref;

  <R> R ask(Function<ActorRef<R>, User.Command> command) {
    return user().runCommand(command).reply();
  }

  void make() {
    ask((ActorRef<User.ProfileReply> to) -> new User.Ensure("alice", "Alice", to));
  }

  /** All events of the journal. */
  List<UserEvent> journal() {
    return user().persistenceTestKit().persistedInStorage("user|" + UserTestData.ALICE).stream()
        .map(UserEvent.class::cast)
        .toList();
  }

  /** Flushes until nothing is unsaved, and returns the events. */
  List<UserEvent> flush() {
    int before = journal().size();
    int size;
    do {
      size = journal().size();
      tell(new UserInternal.Flush());
    } while (journal().size() > size);
    // An old event may have been removed meanwhile.
    List<UserEvent> now = journal();
    return now.subList(Math.min(before, now.size()), now.size());
  }

  /** Moves the clock, and fires the notice timer. */
  void tick(long millis) {
    clock.advance(millis);
    tell(new UserInternal.NoticesDue());
  }

  /** From the next incarnation on, this conversation was once dropped for lack of room. */
  void forget(ConversationId id) {
    PersistenceTestKit.create(kit.system())
        .persistForRecovery(
            "user|" + UserTestData.ALICE,
            List.of(
                new UserEvent.Flushed(
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of(id),
                    List.of(),
                    List.of(),
                    List.of())));
    restart();
  }

  /** The entity stops at once and recovers from its journal. */
  void restart() {
    user().restart();
  }

  void crash() {
    restart();
  }

  TestProbe<User.DoneReply> done() {
    return kit.createTestProbe();
  }

  TestProbe<Delivery> probe() {
    return kit.createTestProbe();
  }

  TestProbe<Delivery> hello(DeviceId device, String session, boolean fresh) {
    TestProbe<Delivery> probe = probe();
    helloFrom(probe.getRef(), device, session, fresh);
    return probe;
  }

  void helloFrom(ActorRef<Delivery> session, DeviceId device, String sessionId, boolean fresh) {
    tell(new User.Attach(UserTestData.ALICE, device, "test", sessionId, fresh, false, session));
  }

  /** A session that was attached to an earlier incarnation attaches again. */
  TestProbe<Delivery> resume(DeviceId device, String session) {
    TestProbe<Delivery> probe = probe();
    tell(new User.Attach(UserTestData.ALICE, device, "test", session, false, true, probe.getRef()));
    return probe;
  }

  private List<Delivery.Lag> lastLag = List.of();

  /** Attaches a session, and reads the answer from the probe. */
  TestProbe<Delivery> attach(DeviceId device, String session, boolean fresh) {
    TestProbe<Delivery> probe = hello(device, session, fresh);
    Delivery.Attached attached = attached(probe);
    ref = attached.user();
    lastLag = attached.lagging();
    return probe;
  }

  /** Reads the answer to the attach; a session that is asked whether it is alive says so. */
  private Delivery.Attached attached(TestProbe<Delivery> probe) {
    Delivery first = probe.receiveMessage();
    if (first instanceof Delivery.ProbeSession question) {
      tell(new User.SessionAlive(question.order()));
      first = probe.receiveMessage();
    }
    assertThat(first).isInstanceOf(Delivery.Attached.class);
    return (Delivery.Attached) first;
  }

  /** The backlog that the last attached session was told. */
  List<Delivery.Lag> lag(TestProbe<Delivery> justAttached) {
    Objects.requireNonNull(justAttached);
    return lastLag;
  }

  /** The next delivery that the session must not miss. */
  <T extends Delivery.Vital> T vital(TestProbe<Delivery> session, Class<T> type) {
    return type.cast(numbered(session).delivery());
  }

  /** The next numbered delivery, alone or one of several that came together. */
  Delivery.Numbered numbered(TestProbe<Delivery> session) {
    Deque<Delivery.Numbered> rest = together.computeIfAbsent(session, one -> new ArrayDeque<>());
    if (rest.isEmpty()) {
      switch (session.receiveMessage()) {
        case Delivery.Together several -> rest.addAll(several.deliveries());
        case Delivery.Numbered one -> rest.add(one);
        case Delivery other -> throw new AssertionError("not numbered: " + other);
      }
    }
    return rest.remove();
  }

  Delivery.Ended ended(TestProbe<Delivery> probe) {
    return probe.expectMessageClass(Delivery.Ended.class);
  }

  /** Ends the session, and waits until the user has noticed. */
  void end(TestProbe<Delivery> session, DeviceId device) {
    tell(new UserInternal.SessionEnded(device, session.getRef()));
  }

  List<DeviceView> devices() {
    return ((User.Devices) this.<User.DevicesReply>ask(User.GetDevices::new)).devices();
  }

  List<InboxRow> inbox() {
    return ((User.Inbox) this.<User.InboxReply>ask(to -> new User.GetInbox(100, null, to)))
        .page()
        .conversations();
  }

  UserState durable() {
    return user().getState();
  }

  /** The delivered cursors that were sent to conversations. */
  List<Long> delivered() {
    return List.copyOf(conversations).stream()
        .filter(sent -> sent.message() instanceof User.Delivered)
        .map(sent -> ((User.Delivered) sent.message()).seq())
        .toList();
  }

  /** The seqs that were acknowledged to conversations. */
  List<Long> dispatched() {
    return List.copyOf(conversations).stream()
        .filter(sent -> sent.message() instanceof User.Dispatched)
        .map(sent -> ((User.Dispatched) sent.message()).seq())
        .toList();
  }

  /** Waits until an earlier probe of a newcomer has been answered. */
  void awaitAnswered() {
    attached(hello(new DeviceId("late"), "late", false));
    attached(hello(new DeviceId("late"), "later", false));
  }

  /** A reference for a message that nobody reads. */
  ActorRef<User.Command> anyone() {
    return ref();
  }

  void stopEntity() {
    spawnRef();
    ActorRef<User.Command> stopping = ref();
    stopping.tell(new UserInternal.Stop());
    kit.createTestProbe().expectTerminated(stopping, Duration.ofSeconds(10));
  }

  private void spawnRef() {
    if (ref == null) {
      attach(new DeviceId("ref"), "ref", false);
    }
  }

  void failNextWrite() {
    spawnRef();
    PersistenceTestKit.create(kit.system()).failNextPersisted();
  }

  void awaitTerminated() {
    kit.createTestProbe().expectTerminated(ref(), Duration.ofSeconds(10));
  }
}
