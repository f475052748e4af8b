package parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.RecipientRef;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;
import parley.bounds.LoadGate;
import parley.client.RawSocket;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.HistoryPage;
import parley.model.UserId;
import parley.telemetry.MessageTrail;
import parley.user.Delivery;
import parley.user.User;
import parley.websocket.ClientBytes;

/** A session between a socket, users and conversations that the test plays; time stands still. */
final class SessionHarness implements AutoCloseable {
  static final UserId ME = new UserId("alice");
  static final UserId BOB = new UserId("bob");
  static final ConversationId A = new ConversationId("conv-a");
  static final ConversationId B = new ConversationId("conv-b");
  static final long START = 1_800_000_000_000L;
  private static final ObjectMapper JSON = new ObjectMapper();

  final ActorTestKit kit;
  final ManualTime time;
  final TestProbe<ToSocket> socket;
  final TestProbe<User.Command> user;
  final TestProbe<User.Command> entity;

  /** The user's answer to the next checks; null for no answer. */
  volatile Delivery.@Nullable Checked checked = new Delivery.Checked(0, true);

  final AtomicInteger checks = new AtomicInteger();
  private final ActorRef<User.Command> guarded;
  final AtomicLong nanos = new AtomicLong();
  final ActorRef<Session.Command> session;
  CompletionStage<Authenticator.Verdict> verdict =
      CompletableFuture.completedFuture(accepted(ME, 900));

  private final Map<ConversationId, TestProbe<Conversation.Command>> conversations =
      new ConcurrentHashMap<>();
  private final ArrayDeque<JsonNode> frames = new ArrayDeque<>();
  private ActorRef<Delivery> deliveries;

  /** What the meters of the session were told. */
  final List<Long> presenceLags = new CopyOnWriteArrayList<>();

  final List<SessionMeters.Shed> shed = new CopyOnWriteArrayList<>();
  int ready;
  boolean reads = true;
  boolean lastSeen;
  int pings;

  /** Uses a test kit of its own, which {@link #close} ends, and no limit of messages a minute. */
  SessionHarness() {
    this(ActorTestKit.create(ManualTime.config()), 0);
  }

  SessionHarness(ActorTestKit kit, int messagesPerMinute) {
    this.kit = kit;
    time = ManualTime.get(kit.system());
    socket = kit.createTestProbe();
    user = kit.createTestProbe();
    entity = kit.createTestProbe();
    guarded = kit.spawn(Behaviors.receiveMessage(this::toUser));
    deliveries = kit.<Delivery>createTestProbe().ref();
    session = kit.spawn(SessionBehavior.create(dependencies(messagesPerMinute), socket.ref()));
    socket.expectMessageClass(ToSocket.Opened.class);
    session.tell(SessionInternal.SocketSignal.WANTS_MORE);
  }

  @Override
  public void close() {
    kit.shutdownTestKit();
  }

  static Authenticator.Verdict accepted(UserId id, long seconds) {
    return new Authenticator.Accepted(id, "name", START + seconds * 1000, false);
  }

  /** The next token belongs to this login of the user. */
  void login(String sid) {
    verdict =
        CompletableFuture.completedFuture(
            new Authenticator.Accepted(ME, "name", START + 900_000, false, sid));
  }

  private Behavior<User.Command> toUser(User.Command command) {
    if (command instanceof User.Check check) {
      Delivery.Checked answer = checked;
      if (answer != null) {
        check.session().tell(answer);
      }
      // Last: a test that has seen it sends the session something, which then comes after the
      // answer.
      checks.incrementAndGet();
    } else {
      user.ref().tell(command);
    }
    return Behaviors.same();
  }

  /** What the node leaves out. */
  final Set<LoadGate.Shed> leftOut = ConcurrentHashMap.newKeySet();

  private SessionDependencies dependencies(int messagesPerMinute) {
    EntityRefs entityRefs =
        new EntityRefs() {
          @Override
          public RecipientRef<User.Command> user(UserId id) {
            return guarded;
          }

          @Override
          public RecipientRef<Conversation.Command> conversation(ConversationId id) {
            return SessionHarness.this.conversation(id).ref();
          }
        };
    Ticker ticker =
        new Ticker() {
          @Override
          public long millis() {
            return START + nanos.get() / 1_000_000;
          }

          @Override
          public long nanos() {
            return nanos.get();
          }
        };
    return new SessionDependencies(
        entityRefs,
        token -> verdict,
        new MessageRate(messagesPerMinute),
        new SessionMeters() {
          @Override
          public void presenceSeen(long millis) {
            presenceLags.add(millis);
          }

          @Override
          public void shed(Shed what) {
            shed.add(what);
          }
        },
        ticker,
        () -> "session-1",
        "epoch-1",
        SessionSettings.standard(),
        MessageTrail.OFF,
        leftOut::contains);
  }

  TestProbe<Conversation.Command> conversation(ConversationId id) {
    return conversations.computeIfAbsent(id, k -> kit.createTestProbe());
  }

  void pass(Duration duration) {
    nanos.addAndGet(duration.toNanos());
    time.timePasses(duration);
  }

  void send(String json) {
    session.tell(new SessionInternal.Received(json.replace('\'', '"')));
  }

  void hello() {
    send("{'op':'hello','id':1,'token':'secret','device_id':'phone','client':'test'}");
  }

  /**
   * Says hello and attaches; {@code welcome} and, without a backlog, {@code synced} have been read.
   */
  SessionHarness live(Delivery.Lag... lagging) {
    hello();
    attach(lagging);
    expect("welcome");
    if (lagging.length == 0) {
      expect("synced");
    }
    return this;
  }

  void attach(Delivery.Lag... lagging) {
    User.Attach attach = user.expectMessageClass(User.Attach.class);
    deliveries = attach.session();
    deliveries.tell(new Delivery.Attached(entity.ref(), List.of(lagging), 0, attach.sid()));
  }

  void attachIn(User.Attach attach, List<Delivery.Lag> first, List<List<Delivery.Lag>> more) {
    deliveries = attach.session();
    deliveries.tell(new Delivery.Attached(entity.ref(), first, more.size(), attach.sid()));
    more.forEach(part -> deliveries.tell(new Delivery.MoreLagging(part)));
  }

  void told(Delivery delivery) {
    deliveries.tell(delivery);
  }

  void entries(ConversationId id, long from, long to) {
    told(new Delivery.Entries(id, entries(from, to)));
  }

  /** Plain texts of another user, one for each seq. */
  static List<Entry> entries(long from, long to) {
    return LongStream.rangeClosed(from, to)
        .mapToObj(
            seq ->
                new Entry(
                    seq, "m" + seq, BOB, 0, null, new EntryBody.Text("text", null, null, false)))
        .toList();
  }

  static Entry own(long seq, String name) {
    return new Entry(seq, "m" + seq, ME, START, name, new EntryBody.Text("x", null, null, false));
  }

  static Entry large(long seq) {
    var body = new EntryBody.Text("x".repeat(16_000), null, null, false);
    return new Entry(seq, "m" + seq, BOB, START, null, body);
  }

  Conversation.GetPage page(ConversationId id, long from, long to) {
    var ask = conversation(id).expectMessageClass(Conversation.GetPage.class);
    ask.replyTo()
        .tell(
            new Conversation.Page(
                new HistoryPage(id, entries(from, to), false, HistoryPage.Tier.MEMORY)));
    return ask;
  }

  JsonNode expect(String op) {
    JsonNode frame = next();
    assertThat(frame.path("op").asText()).as(frame.toString()).isEqualTo(op);
    return frame;
  }

  JsonNode expectError(String code) {
    JsonNode frame = expect("error");
    assertThat(frame.path("code").asText()).as(frame.toString()).isEqualTo(code);
    return frame;
  }

  JsonNode expectClosing(String code) {
    JsonNode frame = expect("closing");
    assertThat(frame.path("code").asText()).as(frame.toString()).isEqualTo(code);
    assertThat(lastSeen).as("nothing comes after the last frame").isTrue();
    return frame;
  }

  /** Shows that the session has handled everything before and sent no frame. */
  void quiet() {
    send("{'op':'ping','id':4711}");
    assertThat(expect("pong").path("id").asLong()).isEqualTo(4711);
  }

  /**
   * Shows that the user received nothing that the test has not read. This says something only if
   * the session has handled everything before.
   */
  void userHeardNoMore() {
    // By the same way as the session's own messages, and behind them.
    var end = new User.Typing(A, BOB, false);
    guarded.tell(end);
    assertThat(user.receiveMessage()).isSameAs(end);
  }

  JsonNode next() {
    while (frames.isEmpty()) {
      receive(socket.receiveMessage());
    }
    return Objects.requireNonNull(frames.poll());
  }

  private void receive(ToSocket message) {
    switch (message) {
      case ToSocket.Batch batch -> {
        ClientBytes.texts(batch.frames()).forEach(f -> frames.add(parse(f)));
        for (ClientBytes.Frame frame : ClientBytes.read(batch.frames())) {
          pings += frame.opcode() == RawSocket.PING ? 1 : 0;
        }
        lastSeen = batch.last();
        if (reads && !batch.last()) {
          session.tell(SessionInternal.SocketSignal.WANTS_MORE);
        }
      }
      case ToSocket.Ready r -> ready++;
      default -> throw new AssertionError("unexpected " + message);
    }
  }

  /** The socket takes one more frame, and then nothing. */
  void stall() {
    reads = false;
    send("{'op':'ping','id':1}");
    expect("pong");
  }

  void resume() {
    reads = true;
    session.tell(SessionInternal.SocketSignal.WANTS_MORE);
  }

  void expectGone() {
    TestProbe<Void> watcher = kit.createTestProbe();
    watcher.expectTerminated(session);
  }

  private static JsonNode parse(String frame) {
    try {
      return JSON.readTree(frame);
    } catch (JsonProcessingException e) {
      throw new AssertionError(frame, e);
    }
  }
}
