package parley.whole;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.client.Answer;
import parley.client.ClientIds;
import parley.client.JsonTrees;
import parley.client.MockApns;
import parley.client.ParleyClient;
import parley.client.ServerProcess;
import parley.client.TestAccount;

/**
 * Each flag through the whole server: an operator sets and unsets it by HTTP while the process
 * runs, and the server does without what it switches, and does it again. {@code flag.archive} needs
 * old entries: {@code parley.conversation.ArchiveSwitchIT}. {@code LoadSheddingTest} has that of
 * admission.
 */
@Timeout(600)
@SuppressWarnings("NullAway.Init") // each test calls start() first
class RuntimeFlagsIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String TOKEN = "%064x".formatted(0xabad_cafe_0007L);

  /** Long enough for what is done each second, or more often, to have been done. */
  private static final double A_WHILE_SECONDS = 3;

  @TempDir private Path folder;
  private ServerProcess server;
  private ParleyClient client;
  private ParleyClient operator;

  private void start(Map<String, String> more) {
    Map<String, String> environment = new HashMap<>(ServerProcess.SHORT_LIVED);
    environment.put("PARLEY_UNREAD_AUDIT_PER_MINUTE", "6000");
    environment.putAll(more);
    server =
        ServerProcess.prepare(
            folder.resolve("data"), environment, List.of(), List.of("-Dparley.user.push.again=1s"));
    server.launch();
    client = new ParleyClient(server.uri());
    operator = new ParleyClient(server.management());
  }

  @AfterEach
  void stop() {
    client.close();
    operator.close();
    server.close();
  }

  // ---- what an operator does

  private void set(String name, Object value) {
    operator.call("PUT", "/admin/settings/" + name, null, Map.of("value", value)).expect(204);
    awaitInForce(name, String.valueOf(value));
  }

  private void unset(String name, String byDefault) {
    operator.call("DELETE", "/admin/settings/" + name, null, null).expect(204);
    awaitInForce(name, byDefault);
  }

  private void awaitInForce(String name, String value) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              JsonNode all = operator.get("/admin/settings", null).expect(200).body();
              for (JsonNode one : all.path("settings")) {
                if (one.path("name").asText().equals(name)) {
                  assertThat(one.path("value").asText()).as(name).isEqualTo(value);
                  return;
                }
              }
              throw new AssertionError("no setting " + name);
            });
  }

  private double meter(String name) {
    return operator
        .get("/metrics", null)
        .expect(200)
        .text()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no meter " + name));
  }

  private void awaitAWhile() {
    double since = meter("process_uptime_seconds");
    await()
        .atMost(PATIENCE)
        .until(() -> meter("process_uptime_seconds") >= since + A_WHILE_SECONDS);
  }

  // ---- the flags

  @Test
  void pushesWaitWhileTheyAreSwitchedOff() throws Exception {
    try (MockApns apns = new MockApns(folder)) {
      Map<String, String> push = new HashMap<>(apns.environment());
      push.put("PARLEY_PUSH_AFTER_SECONDS", "0");
      start(push);
      pushesWait(apns);
    }
  }

  private void pushesWait(MockApns apns) {
    TestAccount ann = client.register("ann");
    TestAccount ben = client.register("ben");
    client.connectSynced(ben, "phone").close();
    client
        .call(
            "PUT",
            "/v1/users/me/devices/phone/push_token",
            ben.accessToken(),
            Map.of("platform", "apns", "token", TOKEN))
        .expect(204);
    String direct = client.direct(ann, ben.userId());
    set("flag.push", "off");
    long seq = post(ann, direct).expect(201).body().path("seq").asLong();
    await().atMost(PATIENCE).until(() -> pushOf(direct, seq, ben).equals("pending"));
    awaitAWhile();
    assertThat(pushOf(direct, seq, ben)).isEqualTo("pending");
    assertThat(apns.received()).isEmpty();
    unset("flag.push", "on");
    await().atMost(PATIENCE).until(() -> apns.received().size() == 1);
    assertThat(apns.received().getFirst().token()).isEqualTo(TOKEN);
    assertThat(apns.received().getFirst().accepted()).isTrue();
    await().atMost(PATIENCE).until(() -> pushOf(direct, seq, ben).equals("sent"));
  }

  /** As {@code admin message} shows it. */
  private String pushOf(String conversation, long seq, TestAccount member) {
    JsonNode message =
        operator
            .get("/admin/conversations/" + conversation + "/entries/" + seq, null)
            .expect(200)
            .body();
    for (JsonNode one : message.path("members")) {
      if (one.path("user_id").asText().equals(member.userId())) {
        JsonNode push = one.path("devices").path(0).path("push");
        return push.path("state").asText();
      }
    }
    return "no member " + member.userId();
  }

  @Test
  void unreadCountsAreNotCheckedWhileThatIsSwitchedOff() {
    start(Map.of());
    TestAccount ann = client.register("ann");
    TestAccount ben = client.register("ben");
    set("flag.unread-audit", "off");
    double before = meter("parley_unread_checked_total");
    post(ann, client.group(ann, "Unchecked", List.of(ben))).expect(201);
    awaitAWhile();
    assertThat(meter("parley_unread_checked_total")).isEqualTo(before);
    unset("flag.unread-audit", "on");
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              post(ann, client.group(ann, "Checked", List.of(ben))).expect(201);
              return meter("parley_unread_checked_total") > before;
            });
  }

  private Answer post(TestAccount sender, String conversation) {
    return client.post(
        "/v1/messages",
        sender.accessToken(),
        JsonTrees.obj(
            "conversation_id",
            conversation,
            "client_msg_id",
            ClientIds.next(),
            "type",
            "text",
            "content",
            "x"));
  }
}
