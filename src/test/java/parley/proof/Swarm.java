package parley.proof;

import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.awaitility.core.ConditionTimeoutException;
import parley.client.Account;
import parley.client.Ids;
import parley.client.ParleyClient;

/**
 * Many devices of fewer users, in direct conversations and groups of several sizes, each doing
 * random things from one seed; any of several nodes serves any of them. The order of what happens
 * is the server's and the scheduler's, so a seed repeats what clients try, not what they meet.
 *
 * <p>{@link #begin}, {@link #start}, hurt the server, {@link #finish}; then the history is complete
 * and can be judged.
 */
public final class Swarm implements AutoCloseable {
  private final History history;
  private final Random random;
  private final SwarmCounts counts = new SwarmCounts();
  private final List<ParleyClient> nodes;
  private final List<SwarmUser> users = new ArrayList<>();
  private final List<SwarmDevice> devices = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private final CountDownLatch calm = new CountDownLatch(1);
  private final CountDownLatch over = new CountDownLatch(1);
  private final int paceMillis;

  /**
   * A swarm before its first step.
   *
   * @param paceMillis the longest pause of a device between two steps
   */
  public Swarm(List<URI> nodes, History history, long seed, int paceMillis) {
    this.nodes = nodes.stream().map(ParleyClient::new).toList();
    this.history = history;
    this.random = new Random(seed);
    this.paceMillis = paceMillis;
  }

  public SwarmCounts counts() {
    return counts;
  }

  /** Registers users, connects their devices (every second user has two) and makes the groups. */
  public void begin(int deviceCount) {
    ParleyClient first = nodes.getFirst();
    while (devices.size() < deviceCount) {
      SwarmUser user = new SwarmUser(first.register(Ids.username("swarm")));
      users.add(user);
      int own = Math.min(1 + users.size() % 2, deviceCount - devices.size());
      for (int d = 0; d < own; d++) {
        devices.add(device(user, user.account().username() + "-" + d));
      }
    }
    devices.forEach(SwarmDevice::connect);
    for (int i = 0; i < users.size(); i++) {
      users.get(i).peer(users.get((i + 1) % users.size()).id());
      users.get(i).peer(users.get((i + 3) % users.size()).id());
    }
    for (int size : new int[] {3, 3, 5, 8, users.size()}) {
      List<SwarmUser> members = new ArrayList<>(users);
      java.util.Collections.shuffle(members, random);
      members = members.subList(0, Math.min(size, members.size()));
      List<Account> others = members.stream().skip(1).map(SwarmUser::account).toList();
      String id = first.group(members.getFirst().account(), "group of " + size, others);
      history.add(new Event.Created(members.getFirst().id(), id));
      members.forEach(member -> member.knows(id));
    }
  }

  private SwarmDevice device(SwarmUser user, String name) {
    Random own = new Random(random.nextLong());
    Random way = new Random(random.nextLong());
    Supplier<ParleyClient> any =
        () -> {
          synchronized (way) {
            return nodes.get(way.nextInt(nodes.size()));
          }
        };
    return new SwarmDevice(user, name, any, history, counts, own, paceMillis);
  }

  public void start() {
    for (SwarmDevice device : devices) {
      threads.add(Thread.ofVirtual().name(device.name()).start(() -> device.live(calm, over)));
    }
  }

  /**
   * Lets everything come to rest and records how it ends: all attempts answered, all devices
   * connected anew and drained, all logs, inboxes and members read. What does not come to rest in
   * time is recorded as it is, for the checker to find.
   */
  public void finish() {
    calm.countDown();
    atMost(Duration.ofSeconds(60), () -> threads.stream().noneMatch(Thread::isAlive));
    over.countDown();
    for (SwarmDevice device : devices) {
      device.close();
      await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(() -> connected(device));
    }
    atMost(Duration.ofSeconds(30), this::drained);
    History ending = History.inMemory();
    readLogs().forEach(ending::add);
    List<Event.Row> rows = new ArrayList<>();
    atMost(Duration.ofSeconds(30), () -> settled(ending, rows));
    rows.forEach(ending::add);
    List<Event> members = new ArrayList<>();
    atMost(Duration.ofSeconds(30), () -> delivered(members));
    ending.events().forEach(history::add);
    members.forEach(history::add);
  }

  private static boolean connected(SwarmDevice device) {
    device.connect();
    return true;
  }

  private static void atMost(Duration time, Callable<Boolean> settled) {
    try {
      await().atMost(time).ignoreExceptions().until(settled);
    } catch (ConditionTimeoutException e) {
      System.out.println("the swarm did not come to rest: " + e.getMessage());
    }
  }

  private boolean drained() {
    Map<String, Long> heads = new LinkedHashMap<>();
    for (SwarmUser user : users) {
      for (var row : client().inbox(user.account())) {
        heads.merge(row.path("conversation_id").asText(), row.path("last_seq").asLong(), Math::max);
      }
    }
    return devices.stream()
        .allMatch(
            device ->
                device.synced()
                    && device.user().conversations().stream()
                        .allMatch(id -> device.has(id, heads.getOrDefault(id, 0L))));
  }

  private List<Event> readLogs() {
    List<Event> logs = new ArrayList<>();
    for (SwarmUser user : users) {
      for (String id : user.conversations()) {
        List<Seen> entries =
            client().log(user.account(), id).stream()
                .map(entry -> Seen.of(SwarmDevice.withConversation(entry, id)))
                .toList();
        logs.add(new Event.FinalLog(user.id(), id, entries));
      }
    }
    return logs;
  }

  /** Reads all inboxes; true if they agree with the logs. */
  private boolean settled(History logs, List<Event.Row> rows) {
    rows.clear();
    for (SwarmDevice device : devices) {
      rows.addAll(device.rows());
    }
    for (SwarmUser user : users) {
      client()
          .inbox(user.account())
          .forEach(row -> rows.add(Recorder.row(user.id(), "http", 0, row, true)));
    }
    List<Event> ending = new ArrayList<>(logs.events());
    ending.addAll(rows);
    List<Violation> found = new ArrayList<>();
    new CounterRules(new Facts(ending), found).check();
    return found.stream().noneMatch(violation -> violation.guarantee().equals("G5"));
  }

  /** Reads the cursors of all members; true if all of them have everything. */
  private boolean delivered(List<Event> members) {
    members.clear();
    Map<String, SwarmUser> readers = new ConcurrentHashMap<>();
    users.forEach(user -> user.conversations().forEach(id -> readers.putIfAbsent(id, user)));
    boolean all = true;
    for (var reader : readers.entrySet()) {
      var body =
          client()
              .get(
                  "/v1/conversations/" + reader.getKey(), reader.getValue().account().accessToken())
              .expect(200)
              .body();
      for (var member : body.path("members")) {
        long delivered = member.path("delivered_seq").asLong();
        all &= delivered == body.path("last_seq").asLong();
        members.add(
            new Event.FinalMember(
                reader.getKey(),
                member.path("user_id").asText(),
                delivered,
                member.path("read_seq").asLong()));
      }
    }
    return all;
  }

  private ParleyClient client() {
    return nodes.get(random.nextInt(nodes.size()));
  }

  @Override
  public void close() {
    calm.countDown();
    over.countDown();
    devices.forEach(SwarmDevice::close);
    for (Thread thread : threads) {
      try {
        var unused = thread.join(Duration.ofSeconds(10));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    nodes.forEach(ParleyClient::close);
  }
}
