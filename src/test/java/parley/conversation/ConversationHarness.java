package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.testkit.PersistenceTestKitPlugin;
import org.apache.pekko.persistence.testkit.PersistenceTestKitSnapshotPlugin;
import org.apache.pekko.persistence.testkit.javadsl.PersistenceTestKit;
import org.jspecify.annotations.Nullable;
import parley.conversation.Conversation.Command;
import parley.cursors.CursorLog;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.EntryIntent;
import parley.model.ErrorCode;
import parley.model.Profile;
import parley.model.UserId;
import parley.snapshot.SnapshotSchedule;
import parley.telemetry.MessageLog;
import parley.telemetry.MessageTrail;
import parley.telemetry.RecordingTracing;
import parley.telemetry.Telemetry;
import parley.user.User;

/**
 * A conversation with a journal in memory, a clock that the test moves, and users that record what
 * they are sent.
 */
final class ConversationHarness implements AutoCloseable {
  static final UserId ANN = new UserId("u_ann");
  static final UserId BOB = new UserId("u_bob");
  static final UserId CAT = new UserId("u_cat");
  static final UserId DAN = new UserId("u_dan");

  static final Config IN_MEMORY =
      ConfigFactory.parseString(
              """
              pekko.actor.allow-java-serialization = off
              pekko.actor.serialization-bindings {
                "parley.serial.Stored" = jackson-cbor
                "parley.serial.Wire" = jackson-cbor
              }
              pekko.persistence.testkit.events.serialize = on
              pekko.persistence.testkit.snapshots.serialize = on
              pekko.loglevel = WARNING
              parley.test.held-journal.class = "parley.conversation.PausableJournal"
              """)
          .withFallback(PersistenceTestKitPlugin.getInstance().config())
          .withFallback(PersistenceTestKitSnapshotPlugin.config())
          .withFallback(
              ConfigFactory.parseString(
                  "pekko.persistence.testkit.query.class ="
                      + " \"org.apache.pekko.persistence.testkit.query.PersistenceTestKitReadJournalProvider\""))
          .withFallback(ConfigFactory.load());

  private volatile int messagesPerSecond;
  final ActorTestKit kit;
  private final @Nullable PersistenceTestKit memory;
  final RecordingTracing tracing = new RecordingTracing();
  final Telemetry telemetry = new Telemetry(new MessageTrail(MessageLog.OFF, tracing));
  final AtomicLong nanos = new AtomicLong();
  final AtomicLong refusedSearches = new AtomicLong();
  LogScans scans = new LogScans(refusedSearches::incrementAndGet, nanos::get);
  final List<ConversationId> woken = java.util.Collections.synchronizedList(new ArrayList<>());
  final AtomicLong clock = new AtomicLong(1_700_000_000_000L);
  final Map<UserId, List<User.Deliver>> told = new ConcurrentHashMap<>();
  final List<User.Typing> typing = java.util.Collections.synchronizedList(new ArrayList<>());
  final java.util.Set<UserId> deaf = ConcurrentHashMap.newKeySet();
  final Map<UserId, UserVoice> voices = new ConcurrentHashMap<>();
  final java.util.Set<UserId> strangers = ConcurrentHashMap.newKeySet();
  final java.util.Set<UserId> silent = ConcurrentHashMap.newKeySet();
  final TestProbe<ClusterSharding.ShardCommand> shard;
  final TestProbe<Conversation.PostReply> posts;
  final TestProbe<Conversation.ViewReply> views;
  final TestProbe<Conversation.PageReply> pages;
  final TestProbe<Conversation.ReadReply> reads;
  final ConversationId id;
  private final AtomicLong madeIds = new AtomicLong();

  /** Makes ids of entries; may be changed at any time. */
  volatile java.util.function.Supplier<String> messageIds = () -> "m" + madeIds.incrementAndGet();

  private ConversationSettings settings;
  private ConversationArchive archive = new NoArchive();
  private ConversationReminder.Sender reminders = ConversationReminder.Sender.NONE;
  private CursorLog.Sender cursorLog = CursorLog.Sender.NONE;
  private @Nullable ActorRef<Command> entity;

  ConversationHarness(ConversationId id) {
    this(id, IN_MEMORY, "pekko.persistence.testkit.query");
  }

  /** Uses another journal than the one in memory. */
  ConversationHarness(ConversationId id, Config config, String readJournal) {
    this.id = id;
    kit = ActorTestKit.create("Conversation", config);
    memory = config == IN_MEMORY ? PersistenceTestKit.create(kit.system()) : null;
    shard = kit.createTestProbe();
    posts = kit.createTestProbe();
    views = kit.createTestProbe();
    pages = kit.createTestProbe();
    reads = kit.createTestProbe();
    settings =
        new ConversationSettings(
            Duration.ofMillis(1),
            Duration.ofMillis(20),
            Duration.ofHours(1),
            SnapshotSchedule.every(200),
            readJournal);
  }

  /** The journal in memory, if the test uses it. */
  PersistenceTestKit journal() {
    return java.util.Objects.requireNonNull(memory);
  }

  /** From the next start on, old entries are archived there. */
  void archive(ConversationArchive store) {
    archive = store;
  }

  /** From the next start on, the conversation asks this reminder before it writes. */
  void reminders(ConversationReminder.Sender sender) {
    reminders = sender;
  }

  /** The limit of the conversation, from now on; 0 is none. */
  void messagesPerSecond(int limit) {
    messagesPerSecond = limit;
  }

  /** From the next start on, cursors go to this log first. */
  void cursorLog(CursorLog.Sender sender) {
    cursorLog = sender;
  }

  static ConversationHarness direct() {
    return new ConversationHarness(ConversationId.direct(ANN, BOB));
  }

  static ConversationHarness group(UserId... members) {
    ConversationHarness conversationHarness = new ConversationHarness(ConversationId.group("1"));
    conversationHarness.tell(
        new Conversation.CreateGroup(
            ANN, "The group", null, List.of(members), conversationHarness.views.getRef()));
    conversationHarness.views.expectMessageClass(Conversation.Viewed.class, Duration.ofSeconds(20));
    return conversationHarness;
  }

  /** From the next start on, a user may search this many entries at once. */
  void searchBudget(int entries) {
    scans = new LogScans(refusedSearches::incrementAndGet, nanos::get, entries);
  }

  void settings(ConversationSettings changed) {
    settings = changed;
  }

  ConversationSettings settings() {
    return settings;
  }

  ActorRef<Command> entity() {
    ActorRef<Command> current = entity;
    if (current == null) {
      InstantSource source = () -> Instant.ofEpochMilli(clock.get());
      current =
          kit.spawn(
              ConversationEntity.create(
                  id,
                  new ConversationDependencies(
                      settings,
                      this::toUser,
                      source,
                      () -> messageIds.get(),
                      woken::add,
                      telemetry,
                      archive,
                      reminders,
                      scans,
                      cursorLog,
                      conversation -> messagesPerSecond),
                  shard.getRef()));
      entity = current;
    }
    return current;
  }

  /**
   * Plays the users. They exist unless they are in {@code strangers}, say so unless they are
   * silent, and acknowledge unless they are deaf; a deaf user receives nothing.
   */
  private void toUser(UserId user, User.Command message) {
    switch (message) {
      case User.GetProfile get -> {
        if (!silent.contains(user)) {
          get.replyTo()
              .tell(
                  strangers.contains(user)
                      ? new User.NoSuchUser(user)
                      : new User.Found(
                          new Profile(user, user.value(), "Name of " + user.value(), null)));
        }
      }
      case User.Deliver deliver -> {
        UserVoice voice = voices.get(user);
        if (voice != null) {
          told.computeIfAbsent(user, u -> java.util.Collections.synchronizedList(new ArrayList<>()))
              .add(deliver);
          ActorRef<Command> to = entity;
          if (to != null) {
            voice.hears(deliver).forEach(one -> to.tell(new Conversation.FromUser(one)));
          }
        } else if (!deaf.contains(user)) {
          // Acknowledged before it is recorded: a message that a test can see is acknowledged.
          List<User.Deliver> all = new ArrayList<>(deliveries(user));
          all.add(deliver);
          acknowledge(user, all);
          told.computeIfAbsent(user, u -> java.util.Collections.synchronizedList(new ArrayList<>()))
              .add(deliver);
        }
      }
      case User.Typing seen -> typing.add(seen);
      default -> throw new AssertionError("unexpected " + message);
    }
  }

  /** A user whose answers the test chooses. */
  @FunctionalInterface
  interface UserVoice {
    List<User.ToConversation> hears(User.Deliver deliver);
  }

  /** Acknowledges everything up to the first missing entry. */
  private void acknowledge(UserId user, List<User.Deliver> all) {
    long version = 0;
    for (User.Deliver deliver : all) {
      version = Math.max(version, deliver.version());
    }
    ActorRef<Command> to = entity;
    if (to != null) {
      to.tell(new Conversation.FromUser(new User.Dispatched(user, head(all), version)));
    }
  }

  List<User.Deliver> deliveries(UserId user) {
    List<User.Deliver> all = told.getOrDefault(user, List.of());
    synchronized (all) {
      return List.copyOf(all);
    }
  }

  /**
   * The entries that the user was sent, each seq once and in order; fails the test if one is
   * missing.
   */
  List<Entry> entries(UserId user) {
    java.util.TreeMap<Long, Entry> all = new java.util.TreeMap<>();
    for (User.Deliver deliver : deliveries(user)) {
      deliver.entries().forEach(entry -> all.putIfAbsent(entry.seq(), entry));
    }
    return List.copyOf(all.values());
  }

  private static long head(List<User.Deliver> all) {
    long head = 0;
    for (User.Deliver deliver : all) {
      head = Math.max(head, deliver.member().joinedSeq() - 1);
      for (Entry entry : deliver.entries()) {
        if (entry.seq() == head + 1) {
          head = entry.seq();
        }
      }
    }
    return head;
  }

  User.Deliver last(UserId user) {
    return deliveries(user).getLast();
  }

  @Nullable String preview(UserId user) {
    parley.model.LastMessage shown = last(user).header().lastMessage();
    return shown == null ? null : shown.preview();
  }

  void tell(Command command) {
    entity().tell(command);
  }

  void restart() {
    ActorRef<Command> current = entity;
    if (current != null) {
      kit.stop(current);
    }
    entity = null;
    entity();
  }

  Conversation.PostReply post(UserId author, String clientMsgId, EntryIntent entryIntent) {
    tell(new Conversation.Post(author, clientMsgId, entryIntent, null, posts.getRef()));
    return posts.receiveMessage(Duration.ofSeconds(20));
  }

  Conversation.Posted text(UserId author, String clientMsgId, String content) {
    return (Conversation.Posted)
        post(author, clientMsgId, new EntryIntent.Text(content, null, List.of()));
  }

  Conversation.Posted opening(UserId author, UserId peer, String clientMsgId) {
    tell(
        new Conversation.Post(
            author,
            clientMsgId,
            new EntryIntent.Text("hello", null, List.of()),
            peer,
            posts.getRef()));
    return posts.expectMessageClass(Conversation.Posted.class, Duration.ofSeconds(20));
  }

  parley.model.HistoryPage page(
      UserId viewer, @Nullable Long before, @Nullable Long after, int limit, boolean replay) {
    tell(new Conversation.GetPage(viewer, before, after, limit, replay, pages.getRef()));
    Conversation.PageReply reply = pages.receiveMessage(Duration.ofSeconds(20));
    return ((Conversation.Page) reply).page();
  }

  void read(UserId user, long seq) {
    tell(new Conversation.Read(user, seq, reads.getRef()));
    reads.expectMessageClass(Conversation.ReadDone.class, Duration.ofSeconds(20));
  }

  List<ConversationEvent> events() {
    return journal().persistedInStorage("conversation|" + id.value()).stream()
        .map(ConversationEvent.class::cast)
        .toList();
  }

  @Override
  public void close() {
    kit.shutdownTestKit();
    telemetry.close();
  }

  /** A text without a reply or mentions. */
  static EntryIntent text(String content) {
    return new EntryIntent.Text(content, null, List.of());
  }

  static List<Long> seqs(List<Entry> entries) {
    return entries.stream().map(Entry::seq).toList();
  }

  static void assertRefused(Conversation.PostReply reply, ErrorCode code) {
    assertThat(reply).isInstanceOf(Conversation.PostRefused.class);
    assertThat(((Conversation.PostRefused) reply).refusal().code()).isEqualTo(code);
  }
}
