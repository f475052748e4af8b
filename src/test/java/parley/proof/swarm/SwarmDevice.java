package parley.proof.swarm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import parley.client.Answer;
import parley.client.Frames;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.ReceivedCursors;
import parley.client.SocketOptions;
import parley.client.TestAccount;
import parley.proof.checker.HistoryEvent;
import parley.proof.checker.RecordedHistory;
import parley.proof.checker.SeenEntry;

/**
 * One device that does random things and keeps the protocol's rules for clients: an unanswered
 * attempt is repeated under its own id, with backoff and jitter, over any connection, until it is
 * answered.
 */
final class SwarmDevice {
  private static final int OUTSTANDING = 6;

  private final SwarmUser user;
  private final String name;
  private final Supplier<ParleyClient> nodes;
  private final RecordedHistory recordedHistory;
  private final SwarmCounts counts;
  private final Random random;
  private final DeviceHabits deviceHabits;
  private final List<OpenGroup> openGroups;
  private final ReceivedCursors cursors = new ReceivedCursors();
  private final RetryOutbox retryOutbox;
  private final ConcurrentLinkedQueue<HistoryEvent.Gap> gaps = new ConcurrentLinkedQueue<>();
  private volatile @Nullable ParleySocket socket;
  private @Nullable ParleyClient node;
  private volatile boolean synced;
  private volatile long leaveAt = Long.MAX_VALUE;
  private boolean away;
  private int connection;
  private int failures;
  private int texts;

  SwarmDevice(
      SwarmUser user,
      String name,
      Supplier<ParleyClient> nodes,
      RecordedHistory recordedHistory,
      SwarmCounts counts,
      Random random,
      DeviceHabits deviceHabits,
      List<OpenGroup> openGroups) {
    this.user = user;
    this.name = name;
    this.nodes = nodes;
    this.recordedHistory = recordedHistory;
    this.counts = counts;
    this.random = random;
    this.deviceHabits = deviceHabits;
    this.openGroups = openGroups;
    this.retryOutbox = new RetryOutbox(user, name, nodes, recordedHistory, counts, random);
  }

  SwarmUser user() {
    return user;
  }

  String name() {
    return name;
  }

  int connection() {
    return connection;
  }

  ReceivedCursors cursors() {
    return cursors;
  }

  // --- the life of a device

  /**
   * Acts at random until {@code calm}, and then only until everything is answered, at most until
   * {@code over}.
   */
  void live(CountDownLatch calm, CountDownLatch over) {
    while (over.getCount() > 0 && (calm.getCount() > 0 || retryOutbox.size() > 0)) {
      int pause = 1 + random.nextInt(deviceHabits.paceMillis());
      try {
        leaveInTime();
        connect();
        retryOutbox.retryDue(live(), connection);
        fetchGaps();
        if (calm.getCount() > 0 && retryOutbox.size() < OUTSTANDING) {
          act();
        }
        if (away) {
          away = false;
          close();
          pause = 1000 + random.nextInt(6000);
        }
        failures = 0;
      } catch (RuntimeException | AssertionError e) {
        counts.failed(e);
        close();
        failures++;
        pause = 1 + random.nextInt(100 << Math.min(failures, 5));
      }
      waitFor(over, pause);
    }
  }

  private static void waitFor(CountDownLatch over, int millis) {
    try {
      var unused = over.await(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A stopping node gave this connection its slot: the device connects to another node then. */
  private void leaveInTime() {
    if (System.currentTimeMillis() >= leaveAt) {
      close();
    }
    if (user.ended()) {
      user.renew(nodes.get(), user.account());
    }
  }

  /** Connects to any node unless it is connected; renews expired tokens. */
  void connect() {
    ParleySocket now = socket;
    if (now != null && now.closedBecause() == null) {
      return;
    }
    TestAccount testAccount = user.account();
    Recorder recorder = new Recorder(recordedHistory, user.id(), name, ++connection, this::learn);
    // After a lost connection the device tries another node first.
    ParleyClient client = nodes.get();
    for (int i = 0; i < 5 && client.equals(node); i++) {
      client = nodes.get();
    }
    node = client;
    synced = false;
    leaveAt = Long.MAX_VALUE;
    ParleySocket opened =
        client.open(
            SocketOptions.standard().withKeep(false).withCursors(cursors).withTap(recorder));
    JsonNode answer = opened.hello(testAccount.accessToken(), name);
    if (answer.path("op").asText().equals("welcome")) {
      socket = opened;
      counts.welcomed();
      retryOutbox.dueNow();
      return;
    }
    opened.close();
    if (answer.path("code").asText().equals("unauthenticated")) {
      user.renew(client, testAccount);
    }
    throw new IllegalStateException("no welcome but " + answer);
  }

  void close() {
    ParleySocket now = socket;
    if (now != null) {
      now.close();
    }
    socket = null;
  }

  private void act() {
    int dice = random.nextInt(100);
    String conversation = user.conversation(random);
    if (dice < 45) {
      text(conversation);
    } else if (dice < 52) {
      change("edit", user.ownTarget(random));
    } else if (dice < 56) {
      change("delete", user.ownTarget(random));
    } else if (dice < 63) {
      change("reaction", user.target(random));
    } else if (dice < 73 && conversation != null) {
      read(conversation, dice < 68);
    } else if (dice < 75) {
      if (deviceHabits.hangUps()) {
        close();
      }
    } else if (dice < 77 && conversation != null) {
      page(conversation, cursors.upTo(conversation) + 1, true);
    } else if (dice == 77 && deviceHabits.absences()) {
      away = true;
    } else if (dice >= 97 && !openGroups.isEmpty()) {
      openGroups.get(random.nextInt(openGroups.size())).change(nodes.get(), random, user);
    }
  }

  private void submit(Attempt attempt) {
    retryOutbox.submit(attempt, live(), connection);
  }

  private void text(@Nullable String conversation) {
    String peer = user.peer(random);
    String content = name + " says " + ++texts;
    if (peer != null && (conversation == null || random.nextInt(4) == 0)) {
      submit(new Attempt(null, peer, "text", 0, content));
    } else if (conversation != null) {
      submit(new Attempt(conversation, null, "text", 0, content));
    }
  }

  private void change(String type, SwarmUser.@Nullable Target target) {
    if (target == null) {
      return;
    }
    if (type.equals("delete")) {
      user.deleting(target);
    }
    String content =
        switch (type) {
          case "edit" -> name + " means " + ++texts;
          case "reaction" -> random.nextBoolean() ? "👍" : "";
          default -> null;
        };
    submit(new Attempt(target.conversation(), null, type, target.seq(), content));
  }

  private void read(String conversation, boolean overHttp) {
    long seq = cursors.upTo(conversation);
    if (seq == 0) {
      return;
    }
    recordedHistory.add(new HistoryEvent.Reading(user.id(), name, conversation, seq, false));
    if (overHttp) {
      Answer answer =
          nodes
              .get()
              .post(
                  "/v1/conversations/" + conversation + "/read",
                  user.account().accessToken(),
                  JsonTrees.obj("seq", seq));
      if (answer.status() == 204) {
        recordedHistory.add(new HistoryEvent.Reading(user.id(), name, conversation, seq, true));
      }
    } else {
      live().read(conversation, seq);
    }
  }

  private void fetchGaps() {
    for (HistoryEvent.Gap gap = gaps.peek(); gap != null; gap = gaps.peek()) {
      for (long before = gap.to() + 1; before > gap.from(); before -= 100) {
        page(gap.conversation(), before, false);
      }
      gaps.poll();
    }
  }

  private void page(String conversation, long before, boolean overSocket) {
    List<SeenEntry> entries = new ArrayList<>();
    JsonNode answer =
        overSocket
            ? live()
                .request(
                    JsonTrees.obj(
                        "op",
                        "history",
                        "conversation_id",
                        conversation,
                        "before",
                        before,
                        "limit",
                        30))
            : pageOverHttp(conversation, before);
    answer
        .path("entries")
        .forEach(e -> entries.add(SeenEntry.of(withConversation(e, conversation))));
    recordedHistory.add(new HistoryEvent.Page(user.id(), name, conversation, entries));
  }

  private JsonNode pageOverHttp(String conversation, long before) {
    Answer answer =
        nodes
            .get()
            .get(
                "/v1/conversations/" + conversation + "/messages?limit=100&before=" + before,
                user.account().accessToken());
    // The user was removed since the gap was announced: nothing can be fetched any more.
    return answer.status() == 404 ? JsonTrees.obj() : answer.expect(200).body();
  }

  static JsonNode withConversation(JsonNode entry, String conversation) {
    if (entry.has("conversation_id")) {
      return entry;
    }
    ObjectNode named = entry.deepCopy();
    return named.put("conversation_id", conversation);
  }

  private ParleySocket live() {
    ParleySocket now = socket;
    if (now == null) {
      throw new IllegalStateException("not connected");
    }
    return now;
  }

  /** For a run that does not settle: what this device waits for. */
  String state() {
    return name
        + " on connection "
        + connection
        + " to "
        + (node == null ? "nowhere" : node.base())
        + ", failures "
        + failures
        + ", gaps "
        + gaps
        + ", outbox "
        + retryOutbox;
  }

  // --- what comes in

  private void learn(JsonNode frame) {
    String op = frame.path("op").asText();
    String conversation = frame.path("conversation_id").asText();
    if (op.equals("synced")) {
      synced = true;
    } else if (op.equals("server_maintenance")) {
      leaveAt = System.currentTimeMillis() + frame.path("reconnect_after_ms").asLong();
    } else if (op.equals("inbox_update") && frame.path("removed").asBoolean()) {
      user.forgets(conversation);
    } else if (op.equals("inbox_update") || op.equals("message")) {
      user.knows(conversation);
    }
    if (Frames.has("type", "text").test(frame) && op.equals("message")) {
      user.saw(conversation, frame.path("seq").asLong());
    } else if (op.equals("gap")) {
      gaps.add(
          new HistoryEvent.Gap(
              user.id(),
              name,
              connection,
              conversation,
              frame.path("from_seq").asLong(),
              frame.path("to_seq").asLong()));
    }
  }

  // --- the end

  /** The whole inbox over the socket. */
  List<HistoryEvent.Row> rows() {
    List<HistoryEvent.Row> rows = new ArrayList<>();
    String cursor = null;
    do {
      JsonNode page = live().request(JsonTrees.obj("op", "inbox", "limit", 50, "cursor", cursor));
      page.path("conversations")
          .forEach(row -> rows.add(Recorder.row(user.id(), name, connection, row, true)));
      cursor = page.path("next_cursor").asText(null);
    } while (cursor != null);
    return rows;
  }

  /** Keeps the connection alive; from any thread. */
  void ping() {
    ParleySocket open = socket;
    if (open != null) {
      open.send(JsonTrees.obj("op", "ping"));
    }
  }

  /** Whether the connection has received {@code synced}. */
  boolean synced() {
    return synced;
  }

  /** Fetches what gaps left out; true if all is there up to the seq. */
  boolean has(String conversation, long seq) {
    fetchGaps();
    return cursors.upTo(conversation) >= seq;
  }
}
