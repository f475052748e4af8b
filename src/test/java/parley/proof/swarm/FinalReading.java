package parley.proof.swarm;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ConditionTimeoutException;
import parley.client.Answer;
import parley.client.ParleyClient;
import parley.proof.checker.CounterRules;
import parley.proof.checker.HistoryEvent;
import parley.proof.checker.HistoryIndex;
import parley.proof.checker.RecordedHistory;
import parley.proof.checker.SeenEntry;
import parley.proof.checker.Violation;

/**
 * The end of a run: all devices connect again and read their backlog, then all logs, inboxes and
 * members are read from every node. A state that has not settled in time is recorded as it is, for
 * the checker to find.
 */
final class FinalReading {
  private final List<ParleyClient> nodes;
  private final RecordedHistory recordedHistory;
  private final List<SwarmUser> users;
  private final List<SwarmDevice> devices;
  private final List<OpenGroup> openGroups;

  /** The lists are the swarm's own, which grow until the end. */
  FinalReading(
      List<ParleyClient> nodes,
      RecordedHistory recordedHistory,
      List<SwarmUser> users,
      List<SwarmDevice> devices,
      List<OpenGroup> openGroups) {
    this.nodes = nodes;
    this.recordedHistory = recordedHistory;
    this.users = users;
    this.devices = devices;
    this.openGroups = openGroups;
  }

  void record() {
    // A long run lasts longer than its tokens.
    for (SwarmUser user : users) {
      await()
          .atMost(Duration.ofMinutes(2))
          .ignoreExceptions()
          .until(
              () -> {
                user.renew(nodes.getFirst(), user.account());
                return true;
              });
    }
    for (SwarmDevice device : devices) {
      device.close();
      await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(() -> connected(device));
    }
    // Reading all logs of a long run takes longer than a silent connection may last.
    try (var pinging = Executors.newSingleThreadScheduledExecutor()) {
      var pings =
          pinging.scheduleWithFixedDelay(
              () -> devices.forEach(SwarmDevice::ping), 20, 20, TimeUnit.SECONDS);
      judged();
      pings.cancel(false);
    }
  }

  private void judged() {
    Map<SwarmUser, Set<String>> memberships = memberships();
    atMost(Duration.ofSeconds(30), () -> drained(memberships));
    RecordedHistory ending = RecordedHistory.inMemory();
    readLogs(memberships).forEach(ending::add);
    List<HistoryEvent> rows = new ArrayList<>();
    atMost(Duration.ofSeconds(30), () -> settled(ending, rows));
    rows.forEach(ending::add);
    List<HistoryEvent> members = new ArrayList<>();
    atMost(Duration.ofSeconds(30), () -> delivered(memberships, members));
    ending.events().forEach(recordedHistory::add);
    members.forEach(recordedHistory::add);
    if (nodes.size() > 1) {
      nodes.forEach(node -> views(node, memberships));
    }
  }

  private static boolean connected(SwarmDevice device) {
    device.connect();
    return true;
  }

  static void atMost(Duration time, Callable<Boolean> settled) {
    try {
      await().atMost(time).ignoreExceptions().until(settled);
    } catch (ConditionTimeoutException e) {
      System.out.println("the swarm did not come to rest: " + e.getMessage());
    }
  }

  /**
   * What was read, as soon as the answer is no refusal: a shard that moves to a node that has just
   * come back drops the requests that wait for it, and those are answered with unavailable.
   */
  private static <T> T answered(Callable<T> read) {
    return await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(read, Objects::nonNull);
  }

  /** The conversations of each user; for groups with changing members the founder's view counts. */
  private Map<SwarmUser, Set<String>> memberships() {
    Map<SwarmUser, Set<String>> all = new LinkedHashMap<>();
    users.forEach(user -> all.put(user, new TreeSet<>(user.conversations())));
    for (OpenGroup group : openGroups) {
      Set<String> members = new TreeSet<>();
      conversation(group.founder(), group.id())
          .path("members")
          .forEach(member -> members.add(member.path("user_id").asText()));
      all.forEach(
          (user, conversations) -> {
            if (members.contains(user.id())) {
              conversations.add(group.id());
            } else {
              conversations.remove(group.id());
            }
          });
    }
    return all;
  }

  private boolean drained(Map<SwarmUser, Set<String>> memberships) {
    Map<String, Long> heads = new LinkedHashMap<>();
    for (SwarmUser user : users) {
      for (var row : nodes.getFirst().inbox(user.account())) {
        heads.merge(row.path("conversation_id").asText(), row.path("last_seq").asLong(), Math::max);
      }
    }
    return devices.stream()
        .allMatch(
            device ->
                device.synced()
                    && memberships.getOrDefault(device.user(), Set.of()).stream()
                        .allMatch(id -> device.has(id, heads.getOrDefault(id, 0L))));
  }

  private List<HistoryEvent> readLogs(Map<SwarmUser, Set<String>> memberships) {
    List<HistoryEvent> logs = new ArrayList<>();
    memberships.forEach(
        (user, conversations) -> {
          for (String id : conversations) {
            logs.add(answered(() -> log(user, id)));
          }
          for (OpenGroup group : openGroups) {
            if (!conversations.contains(group.id()) && reads(user, group.id())) {
              logs.add(answered(() -> log(user, group.id())));
            }
          }
        });
    return logs;
  }

  private HistoryEvent.FinalLog log(SwarmUser user, String id) {
    List<SeenEntry> entries =
        nodes.getFirst().log(user.account(), id).stream()
            .map(entry -> SeenEntry.of(SwarmDevice.withConversation(entry, id)))
            .toList();
    return new HistoryEvent.FinalLog(user.id(), id, entries);
  }

  /** Whether a user who is no member can read the log. */
  private boolean reads(SwarmUser user, String id) {
    String path = "/v1/conversations/" + id + "/messages?limit=1";
    return nodes.getFirst().get(path, user.account().accessToken()).status() == 200;
  }

  /** Reads all inboxes; true if they agree with the logs. */
  private boolean settled(RecordedHistory logs, List<HistoryEvent> rows) {
    rows.clear();
    for (SwarmDevice device : devices) {
      rows.addAll(device.rows());
    }
    for (SwarmUser user : users) {
      nodes
          .getFirst()
          .inbox(user.account())
          .forEach(row -> rows.add(Recorder.row(user.id(), "http", 0, row, true)));
    }
    List<HistoryEvent> ending = new ArrayList<>(logs.events());
    ending.addAll(rows);
    List<Violation> found = new ArrayList<>();
    new CounterRules(new HistoryIndex(ending), found).check();
    return found.stream().noneMatch(violation -> violation.guarantee().equals("G5"));
  }

  /** Reads the cursors of all members; true if all of them have everything, and rows say so. */
  private boolean delivered(Map<SwarmUser, Set<String>> memberships, List<HistoryEvent> members) {
    members.clear();
    boolean all = true;
    for (var reader : readers(memberships).entrySet()) {
      JsonNode body = conversation(reader.getValue(), reader.getKey());
      for (var member : body.path("members")) {
        long delivered = member.path("delivered_seq").asLong();
        all &= delivered == body.path("last_seq").asLong();
        members.add(
            new HistoryEvent.FinalMember(
                reader.getKey(),
                member.path("user_id").asText(),
                delivered,
                member.path("read_seq").asLong()));
      }
    }
    return all && memberships.keySet().stream().allMatch(this::seenByPeers);
  }

  /**
   * Whether the user's rows of direct conversations show the present cursors of the other member.
   */
  private boolean seenByPeers(SwarmUser user) {
    return nodes.getFirst().inbox(user.account()).stream()
        .filter(row -> row.path("type").asText().equals("direct"))
        .allMatch(row -> row.path("peer_delivered_seq").asLong() == row.path("last_seq").asLong());
  }

  /** For each conversation a user who may read all of it. */
  private Map<String, SwarmUser> readers(Map<SwarmUser, Set<String>> memberships) {
    Map<String, SwarmUser> readers = new TreeMap<>();
    openGroups.forEach(group -> readers.put(group.id(), group.founder()));
    memberships.forEach(
        (user, conversations) -> conversations.forEach(id -> readers.putIfAbsent(id, user)));
    return readers;
  }

  private JsonNode conversation(SwarmUser reader, String id) {
    return nodes
        .getFirst()
        .get("/v1/conversations/" + id, reader.account().accessToken())
        .expect(200)
        .body();
  }

  /** Records everything once more, as this node shows it. */
  private void views(ParleyClient node, Map<SwarmUser, Set<String>> memberships) {
    memberships.forEach(
        (user, conversations) -> {
          view(node, user, "inbox", answered(() -> node.inbox(user.account()).toString()));
          for (String id : conversations) {
            view(
                node,
                user,
                "log " + id,
                digest(answered(() -> node.log(user.account(), id).toString())));
          }
        });
    readers(memberships)
        .forEach(
            (id, reader) -> {
              Answer answer =
                  answered(
                      () ->
                          node.get("/v1/conversations/" + id, reader.account().accessToken())
                              .expect(200));
              view(node, reader, "members " + id, answer.text());
            });
  }

  private void view(ParleyClient node, SwarmUser user, String subject, String text) {
    recordedHistory.add(
        new HistoryEvent.NodeView(node.base().toString(), user.id(), subject, text));
  }

  private static String digest(String text) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return text.length() + " characters, " + HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
