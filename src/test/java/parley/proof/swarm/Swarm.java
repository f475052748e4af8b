package parley.proof.swarm;

import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import parley.client.ClientIds;
import parley.client.ParleyClient;
import parley.client.TestAccount;
import parley.proof.checker.HistoryEvent;
import parley.proof.checker.RecordedHistory;

/**
 * Many devices of fewer users, in direct conversations and groups of several sizes, each doing
 * random things from one seed; any of several nodes serves any of them. The order of what happens
 * is the server's and the scheduler's, so a seed repeats what clients try, not what they meet.
 *
 * <p>{@link #begin}, {@link #start}, hurt the server, {@link #finish}; then the history is complete
 * and can be judged.
 */
public final class Swarm implements AutoCloseable {
  private final RecordedHistory recordedHistory;
  private final Random random;
  private final SwarmCounts counts = new SwarmCounts();
  private final List<ParleyClient> nodes;
  private final List<SwarmUser> users = new ArrayList<>();
  private final List<SwarmDevice> devices = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private final CountDownLatch calm = new CountDownLatch(1);
  private final CountDownLatch over = new CountDownLatch(1);
  private final DeviceHabits deviceHabits;
  private final List<OpenGroup> openGroups = new CopyOnWriteArrayList<>();
  private final FinalReading finalReading;

  /** A swarm before its first step. */
  public Swarm(
      List<URI> nodes, RecordedHistory recordedHistory, long seed, DeviceHabits deviceHabits) {
    this.nodes = nodes.stream().map(ParleyClient::new).toList();
    this.recordedHistory = recordedHistory;
    this.random = new Random(seed);
    this.deviceHabits = deviceHabits;
    this.finalReading = new FinalReading(this.nodes, recordedHistory, users, devices, openGroups);
  }

  public SwarmCounts counts() {
    return counts;
  }

  /** Registers users, connects their devices (every second user has two) and makes the groups. */
  public void begin(int deviceCount) {
    ParleyClient first = nodes.getFirst();
    while (devices.size() < deviceCount) {
      SwarmUser user = new SwarmUser(first.register(ClientIds.username("swarm")));
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
    for (int size : new int[] {3, 3, 5, 8, Math.min(users.size(), deviceHabits.biggestGroup())}) {
      group(first, some(size), "group of " + size);
    }
    for (int i = 0; i < deviceHabits.openGroups(); i++) {
      List<SwarmUser> some = some(10);
      List<SwarmUser> members = some.subList(0, Math.min(some.size(), 4));
      String id = group(first, members, "open group");
      openGroups.add(new OpenGroup(id, some.getFirst(), some.subList(1, some.size())));
    }
  }

  private List<SwarmUser> some(int count) {
    List<SwarmUser> all = new ArrayList<>(users);
    Collections.shuffle(all, random);
    return all.subList(0, Math.min(count, all.size()));
  }

  private String group(ParleyClient client, List<SwarmUser> members, String name) {
    List<TestAccount> others = members.stream().skip(1).map(SwarmUser::account).toList();
    // The first requests to many entities may take too long on a slow machine.
    List<String> made = new CopyOnWriteArrayList<>();
    await()
        .atMost(Duration.ofMinutes(2))
        .until(
            () -> {
              made.addAll(made(client, members.getFirst(), name, others));
              return !made.isEmpty();
            });
    String id = made.getFirst();
    recordedHistory.add(new HistoryEvent.Created(members.getFirst().id(), id));
    members.forEach(member -> member.knows(id));
    return id;
  }

  private static List<String> made(
      ParleyClient client, SwarmUser founder, String name, List<TestAccount> others) {
    try {
      return List.of(client.group(founder.account(), name, others));
    } catch (AssertionError e) {
      return List.of();
    }
  }

  /** Conversations with a user who stays a member, for measurements. */
  public Map<String, SwarmUser> settledConversations() {
    Map<String, SwarmUser> settled = new TreeMap<>();
    List<String> open = openGroups.stream().map(OpenGroup::id).toList();
    for (SwarmUser user : users) {
      user.conversations().stream()
          .filter(id -> !open.contains(id))
          .forEach(id -> settled.putIfAbsent(id, user));
    }
    return settled;
  }

  public List<String> deviceNames() {
    return devices.stream().map(SwarmDevice::name).toList();
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
    return new SwarmDevice(user, name, any, recordedHistory, counts, own, deviceHabits, openGroups);
  }

  public void start() {
    for (SwarmDevice device : devices) {
      threads.add(Thread.ofVirtual().name(device.name()).start(() -> device.live(calm, over)));
    }
  }

  /**
   * Waits until everything has settled, and records the end: all attempts are answered, all devices
   * connected again with their backlog read, all logs, inboxes and members read. A state that has
   * not settled in time is recorded as it is, for the checker to find.
   */
  public void finish() {
    calm.countDown();
    atMost(Duration.ofSeconds(60), () -> threads.stream().noneMatch(Thread::isAlive));
    for (int i = 0; i < threads.size(); i++) {
      if (threads.get(i).isAlive()) {
        System.out.println("not at rest: " + devices.get(i).state());
      }
    }
    over.countDown();
    finalReading.record();
  }

  private static void atMost(Duration time, Callable<Boolean> settled) {
    FinalReading.atMost(time, settled);
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
