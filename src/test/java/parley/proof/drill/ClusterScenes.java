package parley.proof.drill;

import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import parley.client.FaultProxy.Fault;
import parley.client.FaultProxy.Pass;
import parley.client.FaultProxy.Refuse;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.Ports;
import parley.client.TestAccount;
import parley.proof.faults.FaultPlan;

/** Faults of the store, of nodes and between them, on three nodes with a shared store. */
@SuppressWarnings("try") // clients disturb by being there
final class ClusterScenes implements AutoCloseable {
  private static final String NAMESPACE = "cluster";
  private static final Duration MOST = Duration.ofSeconds(90);
  private static final int GROUPS = 12;
  private static final int WRITERS = 4;

  /** A member that is lost is removed after this, and not before. In production it is 7 s. */
  private static final int UNDECIDED_SECONDS = 110;

  private static final int MEMBERS = 300;

  /** Of each, a third of the members gets nothing while its node is away. */
  private static final int LARGE_MESSAGES = 800;

  private static final int SOCKETS = 120;
  private static final int STRANGER = 3;
  private static final int NEWCOMER = 4;

  private final AlertBoard board;
  private final Path folder;
  private final DrillCluster cluster;
  private final ParleyClient client;
  private final TestAccount ann;
  private final TestAccount ben;
  private final List<String> conversations = new ArrayList<>();

  private interface Scene {
    void play() throws Exception;
  }

  private ClusterScenes(AlertBoard board, Path folder, DrillCluster cluster) {
    this.board = board;
    this.folder = folder;
    this.cluster = cluster;
    client = new ParleyClient(cluster.clients(0));
    ann = registered("ann");
    ben = registered("ben");
    for (int group = 0; group < GROUPS; group++) {
      conversations.add(client.group(ann, "Group " + group, List.of(ben)));
    }
  }

  /** Starts three nodes. */
  static ClusterScenes start(AlertBoard board, Path folder) throws Exception {
    DrillCluster cluster =
        DrillCluster.start(
            folder,
            new Transcript(),
            List.of(
                "-Dpekko.cluster.split-brain-resolver.stable-after=" + UNDECIDED_SECONDS + "s"));
    try {
      return new ClusterScenes(board, folder, cluster);
    } catch (RuntimeException | AssertionError e) {
      cluster.close();
      throw e;
    }
  }

  /** On a busy machine a cluster that has just begun is not available at once. */
  private TestAccount registered(String name) {
    return await("an account of " + name)
        .ignoreExceptionsMatching(AssertionError.class::isInstance)
        .atMost(MOST)
        .pollInterval(Duration.ofSeconds(1))
        .until(() -> client.register(name), account -> true);
  }

  private List<String> nodes(int... more) {
    List<String> addresses = new ArrayList<>();
    for (int node = 0; node < DrillCluster.USUAL; node++) {
      addresses.add(cluster.management(node));
    }
    for (int node : more) {
      addresses.add(cluster.management(node));
    }
    return addresses;
  }

  /** Plays a scene while clients write to all groups by both ways, and one reads elsewhere. */
  private void underLoad(Scene scene) throws Exception {
    TestAccount writer = client.login("ann", ann.password());
    List<Chatter> chatters = new ArrayList<>();
    try (ParleyClient there = new ParleyClient(cluster.clients(1));
        ParleySocket phone = there.connectSynced(there.login("ben", ben.password()), "phone");
        ParleySocket laptop = client.connectSynced(writer, "laptop");
        Repeating socket =
            new Repeating(100, () -> laptop.send(Messages.text(conversations.getFirst())))) {
      phone.ping();
      for (int number = 0; number < WRITERS; number++) {
        chatters.add(new Chatter(cluster.clients(number % 2), writer, conversations));
      }
      scene.play();
    } finally {
      chatters.forEach(Chatter::close);
    }
  }

  // ---- the store

  void slowStore() throws Exception {
    board.ask(NAMESPACE, nodes());
    underLoad(
        () -> {
          board.quiet();
          AlertBoard.Provocation slow =
              board.provoke(
                  "each write of an event takes the store 2.5 s longer",
                  "ParleySendsSlow",
                  "ParleyDeliveriesSlow",
                  "ParleyWritesSlow",
                  "ParleyLoadShed");
          cluster.store.rule(
              call -> {
                if (call.writesEvent()) {
                  pause(2_500);
                }
                return new Pass();
              });
          slow.awaitFiring(MOST);
          cluster.store.heal();
          board.awaitSilence("ParleySendsSlow", "ParleyLoadShed", "ParleyWritesSlow");
        });
  }

  private static void pause(long millis) {
    try {
      var unused = new CountDownLatch(1).await(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  void throttledStore() throws Exception {
    board.ask(NAMESPACE, nodes());
    underLoad(
        () -> {
          board.quiet();
          AlertBoard.Provocation throttled =
              board.provoke("the store throttles 80 of 100 requests", "ParleyDynamoThrottled");
          cluster.store.hurt(FaultPlan.Kind.STORE_THROTTLED, FaultPlan.ALL);
          throttled.awaitFiring(MOST);
          cluster.store.heal();
          board.awaitSilence("ParleyDynamoThrottled");
        });
  }

  void failingStore() throws Exception {
    board.ask(NAMESPACE, nodes());
    underLoad(
        () -> {
          board.quiet();
          AlertBoard.Provocation failing =
              board.provoke(
                  "the store answers each request with an error of its own",
                  "ParleyBreakerOpen",
                  "ParleyBreakerOpens",
                  "ParleySendsRefused",
                  "ParleyServerErrors",
                  "ParleyDynamoFails");
          cluster.store.rule(call -> failure());
          failing.awaitFiring(MOST);
          cluster.store.heal();
          board.awaitSilence("ParleyBreakerOpen", "ParleyServerErrors");
          AlertBoard.rest(15);
        });
  }

  private static Fault failure() {
    return new Refuse(500, "InternalServerError");
  }

  // ---- nodes that are wrong

  /** A node of another deployment has the same tables: a cluster of its own. */
  void twoClusters() throws Exception {
    board.ask(NAMESPACE, nodes());
    underLoad(
        () -> {
          board.quiet();
          AlertBoard.Provocation two =
              board.provoke(
                  "a node that is a cluster of its own uses the same tables, and clients write at"
                      + " both",
                  "ParleyGuardRefusals",
                  "ParleyTwoWriters",
                  "ParleyMembersDisagree");
          cluster.replace(
              STRANGER,
              Map.of("PARLEY_SEED_NODES", cluster.remote(STRANGER)),
              // Who is active where is told to it alone, or it would fall over that first.
              List.of(
                  "-Dpekko.cluster.sharding.journal-plugin-id=pekko.persistence.journal.inmem",
                  "-Dpekko.cluster.sharding.snapshot-plugin-id=pekko.persistence.no-snapshot-store"));
          cluster.launch(STRANGER);
          await().atMost(MOST).until(() -> cluster.status(STRANGER, "/ready") == 200);
          board.ask(NAMESPACE, nodes(STRANGER));
          TestAccount writer = client.login("ann", ann.password());
          try (Chatter there = new Chatter(cluster.clients(STRANGER), writer, conversations)) {
            two.awaitFiring(Duration.ofMinutes(3));
          }
          cluster.node(STRANGER).kill9();
          board.ask(NAMESPACE, nodes());
          board.awaitSilence("ParleyGuardRefusals", "ParleyTwoWriters", "ParleyMembersDisagree");
        });
  }

  /** A fourth node of another build, with a wrong clock, whose threads get stuck in the end. */
  void wrongNode() throws Exception {
    board.ask(NAMESPACE, nodes());
    board.quiet();
    int debugger = Ports.free();
    Map<String, String> clock =
        new HashMap<>(FakeTime.ahead(Duration.ofSeconds(3)).orElse(Map.of()));
    AlertBoard.Provocation off =
        board.provoke("a node joins whose clock is 3 s ahead", "ParleyClockOff");
    AlertBoard.Provocation other =
        board.provoke("a node of another version joins", "ParleyVersionsDiffer");
    cluster.replace(
        NEWCOMER,
        clock,
        List.of(
            new OlderVersion(folder.resolve("other-build")).otherBuild(),
            StuckThreads.option(debugger)));
    cluster.launch(NEWCOMER);
    await().atMost(MOST).until(() -> cluster.status(NEWCOMER, "/ready") == 200);
    board.ask(NAMESPACE, nodes(NEWCOMER));
    if (!clock.isEmpty()) {
      off.awaitFiring(MOST);
    }
    other.awaitFiring(Duration.ofMinutes(3));
    AlertBoard.Provocation stuck =
        board.provoke("the threads of a dispatcher stand still", "ParleyThreadsStuck");
    try (StuckThreads threads = StuckThreads.of(debugger, "dispatchers.blocking")) {
      stuck.awaitFiring(MOST);
    }
    cluster.node(NEWCOMER).terminate();
    board.ask(NAMESPACE, nodes());
    cluster.awaitMembers(DrillCluster.USUAL);
  }

  void certificates() throws Exception {
    board.ask(NAMESPACE, nodes());
    board.quiet();
    AlertBoard.Provocation ends =
        board.provoke("the nodes get a certificate for 10 days", "ParleyCertificateEnds");
    cluster.certificates.issue(Duration.ofDays(10));
    ends.awaitFiring(Duration.ofMinutes(4));
    AlertBoard.Provocation ended =
        board.provoke("the nodes get a certificate for 36 hours", "ParleyCertificateEnded");
    cluster.certificates.issue(Duration.ofHours(36));
    ended.awaitFiring(Duration.ofMinutes(4));
    cluster.certificates.issue(Duration.ofDays(365));
    board.awaitSilence("ParleyCertificateEnded");
  }

  // ---- a node that dies

  void lostNode() throws Exception {
    int lost = DrillCluster.USUAL - 1;
    List<TestAccount> people = register("member", MEMBERS);
    TestAccount sender =
        register("sender", 8).stream()
            .filter(one -> livesElsewhere("/admin/users/" + one.userId(), lost))
            .findFirst()
            .orElseThrow();
    List<String> large = new ArrayList<>();
    for (int group = 0; large.size() < 4 && group < 16; group++) {
      String id = client.group(sender, "Large " + group, people);
      if (livesElsewhere("/admin/conversations/" + id, lost)) {
        large.add(id);
      }
    }
    board.ask(NAMESPACE, nodes());
    try (ParleyClient there = new ParleyClient(cluster.clients(lost));
        Crowd crowd = new Crowd(there, "crowd", SOCKETS);
        ParleySocket laptop = client.connect(sender, "laptop")) {
      crowd.connect(there, SOCKETS);
      board.quiet();
      AlertBoard.Provocation dead =
          board.provoke(
              "a node is killed and stays a member for "
                  + UNDECIDED_SECONDS
                  + " s; its clients come back elsewhere; somebody writes to groups of "
                  + MEMBERS,
              "ParleyTargetDown",
              "ParleyMemberUnreachable",
              "ParleyReconnects",
              "ParleyDispatchBacklog",
              "ParleyDispatchBacklogLarge",
              "ParleyDispatchStuck");
      cluster.node(lost).kill9();
      crowd.comeBack(client);
      var unused =
          Thread.ofPlatform()
              .daemon()
              .start(
                  () ->
                      System.out.println(
                          "# accepted: " + Messages.send(laptop, large, LARGE_MESSAGES)));
      dead.awaitFiring(Duration.ofSeconds(UNDECIDED_SECONDS + 20));
    }
  }

  /** Whether an entity is on another node than this one, as operators see it. */
  private boolean livesElsewhere(String path, int node) {
    String body = cluster.body(0, path);
    return body.contains("\"node\"") && !body.contains(cluster.remote(node));
  }

  private List<TestAccount> register(String stem, int count) throws Exception {
    List<Future<TestAccount>> all = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (int number = 0; number < count; number++) {
        String name = stem + number;
        all.add(threads.submit(() -> client.register(name)));
      }
    }
    List<TestAccount> people = new ArrayList<>();
    for (Future<TestAccount> one : all) {
      people.add(one.get());
    }
    return people;
  }

  /** Prometheus finds no node any more. */
  void nobodyWatched() throws Exception {
    AlertBoard.Provocation missing =
        board.provoke("the nodes vanish from what Prometheus discovers", "ParleyTargetsMissing");
    board.ask(NAMESPACE, List.of());
    missing.awaitFiring(MOST);
  }

  @Override
  public void close() {
    client.close();
    cluster.close();
  }
}
