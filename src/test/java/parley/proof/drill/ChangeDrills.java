package parley.proof.drill;

import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.DoublePredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.TestAccount;

/**
 * Drills of planned changes on three running nodes: another signing key, another certificate,
 * another form of what is stored.
 */
final class ChangeDrills {
  private static final Pattern DAYS_LEFT =
      Pattern.compile("(?m)^parley_node_certificate_days_left (\\S+)$");

  private final RunbookWalk walk;
  private final Transcript transcript;
  private final DrillCluster cluster;

  ChangeDrills(RunbookWalk walk) {
    this.walk = walk;
    this.transcript = walk.transcript;
    this.cluster = walk.cluster;
  }

  // ---- the key that signs tokens

  void signingKeys() throws Exception {
    try (Chatter chatter = new Chatter(cluster.clients(0), walk.again(), walk.conversations)) {
      TestAccount before = walk.again();
      String old = keyOf(before);
      transcript.begin("signing-keys, a rotation");
      transcript.run("java -jar target/parley.jar admin keys --url http://127.0.0.1:8560");
      transcript.run(
          "java -jar target/parley.jar admin rotate-keys --lead-seconds 30"
              + " --url http://127.0.0.1:8560");
      for (int node = 0; node < DrillCluster.USUAL; node++) {
        int number = node;
        await()
            .atMost(RunbookWalk.PATIENCE)
            .until(() -> cluster.body(number, "/admin/keys").split("\"kid\"", -1).length > 2);
      }
      transcript.note("all nodes have read the new key");
      transcript.run("java -jar target/parley.jar admin keys --url http://127.0.0.1:8562");
      for (int node = 0; node < DrillCluster.USUAL; node++) {
        try (ParleyClient client = new ParleyClient(cluster.clients(node))) {
          await()
              .atMost(RunbookWalk.PATIENCE)
              .until(() -> !keyOf(client.login("ann", before.password())).equals(old));
          TestAccount fresh = client.login("ann", before.password());
          StringBuilder answers = new StringBuilder();
          for (int other = 0; other < DrillCluster.USUAL; other++) {
            try (ParleyClient at = new ParleyClient(cluster.clients(other))) {
              answers
                  .append(" node ")
                  .append(other)
                  .append(": ")
                  .append(at.get("/v1/users/me", before.accessToken()).status())
                  .append(' ')
                  .append(at.get("/v1/users/me", fresh.accessToken()).status());
            }
          }
          transcript.note(
              "node %d signs with the new key; answers to a token of the old and one of the new:%s"
                  .formatted(node, answers));
        }
      }
      transcript.run("java -jar target/parley.jar admin keys --url http://127.0.0.1:8560");
      transcript.run(
          "curl -s http://127.0.0.1:8560/metrics | grep -E '^parley_auth_keys?(_ending)? '");
      transcript.note(chatter.result());
    }
  }

  private static String keyOf(TestAccount account) {
    String token = account.accessToken();
    byte[] head = Base64.getUrlDecoder().decode(token.substring(0, token.indexOf('.')));
    return JsonTrees.parse(new String(head, StandardCharsets.UTF_8)).path("kid").asText();
  }

  // ---- the certificate of the nodes

  void certificates() throws Exception {
    transcript.name("node-ca-folder", cluster.certificates.folder().toString());
    try (Chatter chatter = new Chatter(cluster.clients(0), walk.again(), walk.conversations)) {
      cluster.certificates.issue(Duration.ofDays(10));
      awaitDays(days -> days < 14);
      transcript.begin("certificates, the one of all nodes ends in 10 days");
      daysLeft();
      String end = "openssl x509 -in node-ca-folder/parley/tls.crt -noout -enddate";
      transcript.run(end);
      transcript.run("java -jar target/parley.jar node-ca node-ca-folder parley");
      transcript.run(end);
      awaitDays(days -> days > 300);
      transcript.note("all nodes have read the new one; none was restarted");
      daysLeft();
      transcript.note("node 2 is stopped in order and started: others must accept the new one");
      cluster.node(2).terminate();
      cluster.launch(2);
      cluster.awaitMembers(DrillCluster.USUAL);
      transcript.note("it is a member and ready");
      walk.members(2);
      transcript.note(chatter.result());
    }
  }

  private void daysLeft() {
    for (int node = 0; node < DrillCluster.USUAL; node++) {
      transcript.run(
          "curl -s http://127.0.0.1:856%d/metrics | grep '^parley_node_certificate_days_left'"
              .formatted(node));
    }
  }

  private void awaitDays(DoublePredicate wanted) {
    for (int node = 0; node < DrillCluster.USUAL; node++) {
      int number = node;
      await("the certificate of node " + node)
          .atMost(RunbookWalk.PATIENCE)
          .until(
              () -> {
                Matcher days = DAYS_LEFT.matcher(cluster.body(number, "/metrics"));
                return days.find() && wanted.test(Double.parseDouble(days.group(1)));
              });
    }
  }

  // ---- the form of what is stored

  /**
   * Bans are what the newest version stores and the one before cannot read: the switch is a role
   * that all nodes must have. A flag is a switch that operators set.
   */
  void schemaChange(OlderVersion older) throws Exception {
    for (int node = DrillCluster.USUAL - 1; node >= 0; node--) {
      replace(node, older);
    }
    try (Chatter chatter = new Chatter(cluster.clients(1), again(1), walk.conversations)) {
      transcript.begin(
          "schema-change, three nodes of the version before: " + OlderVersion.described());
      versions();
      transcript.note("expand: node 2 gets the new version, the others follow later");
      replace(2, null);
      versions();
      roles();
      String ban =
          "java -jar target/parley.jar admin ban BEN --reason drill --minutes 5"
              + " --url http://127.0.0.1:8562";
      transcript.run(ban);
      transcript.note("back: node 2 gets the version before again, and then the new one");
      replace(2, older);
      replace(2, null);
      transcript.note("migrate: nodes 1 and 0 get the new version");
      replace(1, null);
      transcript.run(ban);
      replace(0, null);
      versions();
      roles();
      transcript.run(ban);
      for (int node = 0; node < DrillCluster.USUAL; node++) {
        try (ParleyClient client = new ParleyClient(cluster.clients(node))) {
          transcript.note(
              "node %d answers a login of ben with %d"
                  .formatted(
                      node,
                      client
                          .post(
                              "/v1/auth/login",
                              null,
                              Map.of("username", "ben", "password", walk.ben.password()))
                          .status()));
        }
      }
      transcript.run("java -jar target/parley.jar admin unban BEN --url http://127.0.0.1:8561");
      transcript.note("a switch that operators set: what is risky is off until it is proven");
      transcript.run(
          "java -jar target/parley.jar admin set flag.unread-audit off --minutes 60"
              + " --url http://127.0.0.1:8560");
      for (int node = 0; node < DrillCluster.USUAL; node++) {
        int number = node;
        await()
            .atMost(RunbookWalk.PATIENCE)
            .until(
                () -> cluster.body(number, "/metrics").contains("parley_settings_overrides 1.0"));
      }
      transcript.note("all nodes have it");
      transcript.run(
          "java -jar target/parley.jar admin settings --url http://127.0.0.1:8562 | grep flag");
      transcript.run(
          "java -jar target/parley.jar admin unset flag.unread-audit --url http://127.0.0.1:8561");
      transcript.run("curl -s http://127.0.0.1:8560/admin/verify/CONVERSATION");
      transcript.note(chatter.result());
    }
  }

  /** Stops a node in order and starts it as that version; null for the newest. */
  private void replace(int node, @Nullable OlderVersion version) {
    cluster.node(node).terminate();
    cluster
        .replace(node, Map.of(), version == null ? List.of() : version.jvm())
        .from(version == null ? null : OlderVersion.jar());
    cluster.launch(node);
    cluster.awaitMembers(DrillCluster.USUAL);
  }

  private TestAccount again(int node) {
    try (ParleyClient client = new ParleyClient(cluster.clients(node))) {
      return client.login("ann", walk.ann.password());
    }
  }

  private void versions() {
    for (int node = 0; node < DrillCluster.USUAL; node++) {
      transcript.run(
          "curl -s http://127.0.0.1:856%d/metrics | grep '^parley_build{'".formatted(node));
    }
  }

  private void roles() {
    transcript.run(
        "curl -s http://127.0.0.1:8562/cluster/members"
            + " | jq -c '.members[] | [.node, (.roles | sort | join(\" \"))]'");
  }
}
