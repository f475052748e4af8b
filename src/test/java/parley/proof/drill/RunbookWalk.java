package parley.proof.drill;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import parley.client.Frames;
import parley.client.MockApns;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.ServerProcess;
import parley.client.TestAccount;
import parley.proof.faults.FaultPlan;

/**
 * Walks through runbooks on three nodes: makes the fault, runs the commands of the runbook, and
 * writes what they print to {@code target/runbooks}.
 *
 * <pre>mvn -q test-compile exec:exec@runbooks -Drunbooks="lost-node throttled-store"</pre>
 *
 * <p>Without names all are walked, in the order below, on one cluster. Each leaves it whole.
 */
public final class RunbookWalk {
  static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final String PHONE = "%064x".formatted(0xabad_cafe_0001L);

  /** The members as a node sees them, short enough for a page. */
  private static final String MEMBERS =
      "curl -s http://127.0.0.1:856%d/cluster/members"
          + " | jq -c '[.members[] | .node + \" \" + .status], {unreachable: [.unreachable[].node]}'";

  final Transcript transcript;
  final DrillCluster cluster;
  private final Path folder;
  final ParleyClient client;
  final TestAccount ann;
  final TestAccount ben;
  private final String chat;
  final List<String> conversations = new ArrayList<>();

  private RunbookWalk(Transcript transcript, DrillCluster cluster, Path folder) {
    this.folder = folder;
    this.transcript = transcript;
    this.cluster = cluster;
    this.client = new ParleyClient(cluster.clients(0));
    this.ann = client.register("ann");
    this.ben = client.register("ben");
    this.chat = client.direct(ann, ben.userId());
    conversations.add(chat);
    for (int group = 0; group < 11; group++) {
      conversations.add(client.group(ann, "Group " + group, List.of(ben)));
    }
    transcript.name("CONVERSATION", chat);
    transcript.name("ANN", ann.userId());
    transcript.name("BEN", ben.userId());
    // Ben has a phone with a push token, and is away.
    client.connectSynced(ben, "phone").close();
    client
        .call(
            "PUT",
            "/v1/users/me/devices/phone/push_token",
            ben.accessToken(),
            Map.of("platform", "apns", "token", PHONE))
        .expect(204);
  }

  private interface Drill {
    void walk() throws Exception;
  }

  private Map<String, Drill> drills() {
    Map<String, Drill> drills = new LinkedHashMap<>();
    drills.put("missing-message", this::missingMessage);
    drills.put("hot-conversation", this::hotConversation);
    drills.put("throttled-store", this::throttledStore);
    drills.put("provider-away", this::providerAway);
    drills.put("dead-letters", this::deadLetters);
    drills.put("rolling-deploy", this::rollingDeploy);
    drills.put("scaling", this::scaling);
    ChangeDrills changes = new ChangeDrills(this);
    drills.put("signing-keys", changes::signingKeys);
    drills.put("certificates", changes::certificates);
    drills.put("lost-node", this::lostNode);
    drills.put("cache-warm-up", this::cacheWarmUp);
    drills.put("lost-majority", this::lostMajority);
    drills.put("restart-from-nothing", this::restartFromNothing);
    drills.put("schema-change", () -> changes.schemaChange(new OlderVersion(folder("older"))));
    DataDrills data = new DataDrills(this);
    drills.put("full-disk", () -> data.fullDisk(folder("small")));
    drills.put("full-disk-of-a-node", data::fullDiskOfNode);
    drills.put("restore", () -> data.restore(folder("single")));
    return drills;
  }

  /** Walks through the named runbooks, or all of them. */
  public static void main(String[] arguments) throws Exception {
    List<String> wanted = List.of(System.getProperty("runbooks", "").trim().split("\\s+"));
    Path folder = Files.createTempDirectory("drill");
    Transcript transcript = new Transcript();
    int broken = 0;
    try (DrillCluster cluster = DrillCluster.start(folder, transcript, List.of())) {
      RunbookWalk walk = new RunbookWalk(transcript, cluster, folder);
      for (Map.Entry<String, Drill> drill : walk.drills().entrySet()) {
        if (wanted.contains("") || wanted.contains(drill.getKey())) {
          transcript.begin(drill.getKey());
          try {
            drill.getValue().walk();
          } catch (Exception | AssertionError e) {
            transcript.note("broke off: " + e);
            e.printStackTrace();
            broken++;
          }
          transcript.write(Path.of("target", "runbooks", "transcript.txt"));
        }
      }
    } finally {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
    System.exit(broken == 0 ? 0 : 1);
  }

  private Path folder(String name) throws IOException {
    return Files.createDirectories(folder.resolve(name));
  }

  void members(int node) {
    transcript.run(MEMBERS.formatted(node));
  }

  private void missingMessage() throws Exception {
    cluster.providerAway();
    try (ParleySocket phone = client.connectSynced(ann, "phone")) {
      long seq = phone.text(chat, "did you get this?").path("seq").asLong();
      transcript.note("ann writes to ben, whose phone is away; the provider of pushes is away too");
      String command = "java -jar target/parley.jar admin message CONVERSATION " + seq;
      awaitBody("/admin/conversations/" + chat + "/entries/" + seq, "failed_tries\":1|\"tries\":1");
      transcript.run(command + " --url http://127.0.0.1:8560");
      transcript.run("java -jar target/parley.jar admin user BEN --url http://127.0.0.1:8561");
      cluster.apns.answer(token -> MockApns.ACCEPT);
      awaitBody("/admin/conversations/" + chat + "/entries/" + seq, "\"sent\"|dead_letter");
      transcript.note("the provider is back");
      transcript.run(command + " --url http://127.0.0.1:8560");
      try (ParleySocket bens = client.connect(ben, "phone")) {
        bens.await(Frames.message(chat, seq));
        bens.ack(chat, seq);
        awaitBody("/admin/conversations/" + chat + "/entries/" + seq, "\"acknowledged\":true");
        transcript.note("ben opens the app");
        transcript.run(command + " --url http://127.0.0.1:8560");
      }
    }
    transcript.run(
        "java -jar target/parley.jar admin message CONVERSATION 99999 --url http://127.0.0.1:8560");
  }

  private void awaitBody(String path, String pattern) {
    await(pattern)
        .atMost(PATIENCE)
        .until(() -> Pattern.compile(pattern).matcher(cluster.body(0, path)).find());
  }

  private void hotConversation() throws Exception {
    try (ParleySocket phone = client.connectSynced(ann, "phone")) {
      for (int message = 0; message < 300; message++) {
        phone.text(chat, "loop " + message);
      }
      transcript.note("an app has sent 300 messages to one conversation");
      transcript.run(
          "java -jar target/parley.jar admin conversation CONVERSATION --url http://127.0.0.1:8560");
      for (int node = 0; node < DrillCluster.USUAL; node++) {
        transcript.run(
            "curl -s http://127.0.0.1:856%d/metrics | grep '^parley_messages_accepted_total{.*text'"
                .formatted(node));
      }
      transcript.run("curl -s -X DELETE http://127.0.0.1:8560/admin/users/ANN/sessions | jq -c .");
      transcript.note("ann's sessions end: " + phone.awaitClosed());
    }
  }

  private void throttledStore() throws Exception {
    try (Chatter chatter =
        new Chatter(cluster.clients(0), client.login("ann", ann.password()), conversations)) {
      rest(5);
      cluster.store.hurt(FaultPlan.Kind.STORE_THROTTLED, FaultPlan.ALL);
      transcript.begin("throttled-store, from the first throttle on");
      transcript.note("the store throttles 80 of 100 requests");
      rest(20);
      for (String command :
          List.of(
              "curl -s http://127.0.0.1:8560/metrics | grep -E"
                  + " '^parley_dynamodb_(throttles|retries)_total' | grep -v ' 0.0$'",
              "curl -s http://127.0.0.1:8560/metrics | grep '^parley_breaker_open'",
              "curl -s http://127.0.0.1:8560/metrics | grep"
                  + " '^parley_messages_refused_total{.*unavailable'",
              "curl -s -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:8560/ready")) {
        transcript.run(command);
      }
      long spoiled = cluster.store.heal();
      transcript.note("the store answers again; " + spoiled + " requests were throttled");
      rest(10);
      transcript.run("curl -s http://127.0.0.1:8560/metrics | grep '^parley_breaker_open'");
      transcript.note(chatter.result());
    }
  }

  private void providerAway() throws Exception {
    cluster.apns.stop();
    try (ParleySocket phone = client.connectSynced(again(), "phone")) {
      long seq = phone.text(chat, "the provider is away").path("seq").asLong();
      String entry = "/admin/conversations/" + chat + "/entries/" + seq;
      transcript.note("the provider refuses connections; ann writes to ben");
      rest(15);
      String message =
          "java -jar target/parley.jar admin message CONVERSATION "
              + seq
              + " --url http://127.0.0.1:8560 | tail -2";
      transcript.run(message);
      for (int node = 0; node < DrillCluster.USUAL; node++) {
        transcript.run(
            ("curl -s http://127.0.0.1:856%d/metrics | grep -E"
                    + " '^parley_push_(pending|pending_age_seconds|sent_total|queued)' | grep -v ' 0.0$'")
                .formatted(node));
      }
      transcript.run("java -jar target/parley.jar admin dead-letters --url http://127.0.0.1:8560");
      cluster.apns.start();
      transcript.note("the provider is back");
      awaitBody(entry, "\"sent\"|dead_letter");
      transcript.note("it has been pushed");
      transcript.run(message);
    }
  }

  private void deadLetters() throws Exception {
    if (!cluster.body(0, "/admin/push/dead-letters").contains("\"reason\"")) {
      cluster.providerAway();
      try (ParleySocket phone = client.connectSynced(again(), "phone")) {
        phone.text(chat, "one that fails");
      }
      awaitBody("/admin/push/dead-letters", "\"reason\"");
    }
    cluster.apns.answer(token -> MockApns.ACCEPT);
    transcript.run("java -jar target/parley.jar admin dead-letters --url http://127.0.0.1:8560");
    transcript.run(
        "curl -s -X POST 'http://127.0.0.1:8560/admin/push/dead-letters/replay?dry_run=true' | jq -c .");
    awaitBody("/admin/push/dead-letters/replay", "\"running\":false");
    transcript.run("java -jar target/parley.jar admin replay --url http://127.0.0.1:8560");
    transcript.run(
        "java -jar target/parley.jar admin start-replay --batch 100 --url http://127.0.0.1:8560");
    awaitBody("/admin/push/dead-letters/replay", "\"running\":false");
    transcript.run("java -jar target/parley.jar admin replay --url http://127.0.0.1:8560");
    transcript.run("java -jar target/parley.jar admin dead-letters --url http://127.0.0.1:8560");
    transcript.run("java -jar target/parley.jar admin audit --limit 3 --url http://127.0.0.1:8560");
  }

  private void rollingDeploy() throws Exception {
    try (Chatter chatter = new Chatter(cluster.clients(0), again(), conversations);
        ParleyClient last = new ParleyClient(cluster.clients(2));
        ParleySocket phone = last.connectSynced(ben, "phone")) {
      rest(3);
      transcript.begin("rolling-deploy, from SIGTERM to node 2 on");
      Thread stop = Thread.ofPlatform().start(cluster.node(2)::terminate);
      rest(1);
      transcript.run("curl -s -w ' %{http_code}\\n' http://127.0.0.1:8562/ready");
      transcript.run("curl -s -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:8562/alive");
      transcript.note("ben's phone on that node is told: " + phone.awaitClosed());
      stop.join();
      transcript.note("node 2 has ended");
      members(0);
      cluster.launch(2);
      cluster.awaitMembers(DrillCluster.USUAL);
      transcript.note("the new process is a member and ready");
      members(0);
      transcript.note(chatter.result());
    }
  }

  private void scaling() throws Exception {
    try (Chatter chatter = new Chatter(cluster.clients(0), again(), conversations)) {
      rest(2);
      transcript.begin("scaling, from the start of two more nodes on");
      cluster.launch(3);
      cluster.launch(4);
      cluster.awaitMembers(5);
      transcript.note("five members, all ready");
      members(3);
      Thread one = Thread.ofPlatform().start(cluster.node(3)::terminate);
      Thread two = Thread.ofPlatform().start(cluster.node(4)::terminate);
      one.join();
      two.join();
      transcript.note("both have got SIGTERM at once, and have ended");
      cluster.awaitMembers(DrillCluster.USUAL);
      members(0);
      transcript.note(chatter.result());
    }
  }

  private void lostNode() throws Exception {
    try (Chatter chatter = new Chatter(cluster.clients(0), again(), conversations)) {
      rest(3);
      transcript.begin("lost-node, from kill -9 of node 2 on");
      cluster.node(2).kill9();
      await()
          .atMost(PATIENCE)
          .until(() -> !cluster.body(0, "/cluster/members").contains("\"unreachable\":[]"));
      transcript.note("node 0 misses it");
      members(0);
      transcript.run("curl -s http://127.0.0.1:8560/metrics | grep '^parley_cluster_'");
      await().atMost(PATIENCE).until(() -> cluster.membersOf(0) == 2);
      transcript.note("the others have removed it");
      members(0);
      members(1);
      rest(10);
      cluster.launch(2);
      transcript.note("its supervisor starts it again at the same address");
      cluster.awaitMembers(DrillCluster.USUAL);
      transcript.note("it is a member and ready");
      members(2);
      transcript.note(chatter.result());
    }
  }

  private void cacheWarmUp() throws Exception {
    String reads = "curl -s http://127.0.0.1:856%d/metrics | grep '^parley_history_reads_total'";
    for (int node = 0; node < DrillCluster.USUAL; node++) {
      cluster.node(node).terminate();
    }
    for (int node = 0; node < DrillCluster.USUAL; node++) {
      cluster.launch(node);
    }
    cluster.awaitMembers(DrillCluster.USUAL);
    transcript.begin("cache-warm-up, after a restart of all nodes");
    TestAccount reader = again();
    for (String round : List.of("first", "second")) {
      for (String conversation : conversations) {
        client
            .get("/v1/conversations/" + conversation + "/messages?limit=50", reader.accessToken())
            .expect(200);
      }
      transcript.note("the newest page of each of 12 conversations, " + round + " time");
      for (int node = 0; node < DrillCluster.USUAL; node++) {
        transcript.run(reads.formatted(node));
      }
    }
    transcript.run(
        "curl -s http://127.0.0.1:8560/metrics | grep -E"
            + " '^parley_recovery_time_seconds_(count|sum)'");
  }

  private void lostMajority() throws Exception {
    long before = client.log(again(), chat).size();
    transcript.begin("lost-majority, from kill -9 of nodes 1 and 2 on");
    cluster.node(1).kill9();
    cluster.node(2).kill9();
    await()
        .atMost(PATIENCE)
        .until(() -> !cluster.body(0, "/cluster/members").contains("\"unreachable\":[]"));
    members(0);
    transcript.run("curl -s -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:8560/ready");
    cluster.node(0).onExit().join();
    transcript.note("node 0 has ended by itself; its last lines:");
    lastLines(0, 8);
    for (int node = 0; node < DrillCluster.USUAL; node++) {
      cluster.launch(node);
    }
    transcript.note("all three are started again");
    cluster.awaitMembers(DrillCluster.USUAL);
    transcript.note("one cluster, all ready");
    members(1);
    transcript.note(
        "entries of a conversation before and after: "
            + before
            + ", "
            + client.log(again(), chat).size());
  }

  private void restartFromNothing() throws Exception {
    for (int node = 0; node < DrillCluster.USUAL; node++) {
      cluster.node(node).kill9();
    }
    transcript.begin("restart-from-nothing, all nodes are dead, and node 0 starts alone");
    cluster.launch(0);
    await().atMost(PATIENCE).until(() -> cluster.status(0, "/alive") == 200);
    await()
        .atMost(PATIENCE)
        .until(
            () -> cluster.node(0).output().stream().anyMatch(l -> l.contains("Waiting to form")));
    transcript.note("it waits");
    transcript.run("curl -s -w ' %{http_code}\\n' http://127.0.0.1:8560/ready");
    transcript.run("curl -s -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:8560/alive");
    members(0);
    lastLines(0, 2);
    cluster.launch(1);
    transcript.note("node 1 starts");
    cluster.awaitMembers(2);
    transcript.note("two of three are a cluster");
    members(0);
    cluster.launch(2);
    cluster.awaitMembers(DrillCluster.USUAL);
    transcript.note("node 2 has joined");
    members(2);
  }

  private void lastLines(int node, int count) {
    lastLines(cluster.node(node), count);
  }

  void lastLines(ServerProcess node, int count) {
    List<String> lines = node.output();
    lines.subList(Math.max(0, lines.size() - count), lines.size()).forEach(transcript::note);
  }

  TestAccount again() {
    return client.login("ann", ann.password());
  }

  /** Lets a fault last. */
  static void rest(int seconds) throws InterruptedException {
    var unused = new CountDownLatch(1).await(seconds, TimeUnit.SECONDS);
  }
}
