package parley.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command that asks a running node. */
class AdminCommandTest {
  private static final String MESSAGE =
      """
      {"conversation_id":"g_1","seq":7,"message_id":"01M","sender_id":"u_ann","type":"text",
       "accepted":"2026-11-25T02:00:00Z","tier":"cold","segment":{"first":1,"last":9},"last_seq":9,
       "members":[
        {"user_id":"u_ann","dispatch":"acknowledged","received_seq":9,"delivered_seq":9,"read_seq":7,
         "devices":[{"device_id":"phone","connected":true,"handed":true,"acknowledged":true,
           "push":{"state":"none","why":"silent"}}]},
        {"user_id":"u_bob","dispatch":"held","received_seq":9,"delivered_seq":6,"read_seq":6,
         "devices":[
          {"device_id":"laptop","connected":true,"handed":true,"acknowledged":false,
           "push":{"state":"none","why":"no_token"}},
          {"device_id":"phone","connected":false,"handed":false,"acknowledged":false,
           "push":{"state":"pending","due":"2026-11-25T02:00:20Z","tries":1,"reason":"timeout"}}]},
        {"user_id":"u_cat","dispatch":"acknowledged","delivered_seq":0,"read_seq":0,"devices":[]},
        {"user_id":"u_dan","left_seq":8,"dispatch":"sent","read_seq":0,"unavailable":true}],
       "next_after":"u_dan"}
      """;

  private static final String USER =
      """
      {"user_id":"u_ann","node":"pekko://parley@127.0.0.1:1","inbox_rows":3,"pending_pushes":1,
       "saved":true,"devices":[{"device_id":"phone","client":"app/1","connected":false,
       "last_seen":"2026-11-25T02:00:00Z","push_platform":"apns","pushable":true,"lagging":1},
        {"device_id":"web","client":"app/2","connected":true,"last_seen":"2026-11-25T02:00:01Z",
         "pushable":false,"lagging":0,
         "session":{"session_id":"01S","node":"pekko://parley@10.0.0.2:1"}}],
       "ban":{"reason":"spam","since":"2026-11-25T01:00:00Z"}}
      """;

  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final List<String> tokens = new CopyOnWriteArrayList<>();
  private final List<String> bodies = new CopyOnWriteArrayList<>();
  private final Map<String, String> environment = new HashMap<>();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private HttpServer server;
  private volatile int status = 200;
  private volatile String body = MESSAGE;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          asked.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
          String token = exchange.getRequestHeaders().getFirst("Authorization");
          tokens.add(token == null ? "" : token);
          bodies.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
          byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private int run(String... arguments) {
    List<String> all = new ArrayList<>(List.of("admin"));
    all.addAll(List.of(arguments));
    return AdminCommand.run(
        all,
        environment,
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8));
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void aMessageIsATable() {
    assertThat(run("message", "g_1", "7", "--url", url() + "/")).isZero();
    assertThat(asked).containsExactly("GET /admin/conversations/g_1/entries/7");
    assertThat(out().lines())
        .contains(
            "conversation_id  g_1",
            "segment          1 to 9",
            "member        dispatch      received  delivered  read  device       connected  handed"
                + "  acked  push",
            "u_ann         acknowledged  9         9          7     phone        yes        yes   "
                + "  yes    none: silent",
            "u_bob         held          9         6          6     laptop       yes        yes   "
                + "  no     none: no_token",
            "                                                       phone        no         no    "
                + "  no     pending, due 2026-11-25T02:00:20Z, failed tries: 1 (timeout)",
            "u_cat         acknowledged  -         0          0     no device",
            "u_dan (left)  sent          -         -          0     unavailable",
            "more members: --after u_dan");
  }

  @Test
  void jsonIsTheAnswerItself() throws IOException {
    assertThat(run("message", "d/1?", "7", "--after", "u_ann", "--json", "--url", url())).isZero();
    assertThat(asked).containsExactly("GET /admin/conversations/d%2F1%3F/entries/7?after=u_ann");
    JsonNode printed = new ObjectMapper().readTree(out());
    assertThat(printed).isEqualTo(new ObjectMapper().readTree(MESSAGE));
  }

  @Test
  void aUserAndAConversation() {
    body = USER;
    assertThat(run("user", "u_ann", "--url", url())).isZero();
    assertThat(out().lines())
        .contains(
            "inbox_rows      3",
            "device  client  connected  last seen             push token  pushable  lagging  session"
                + "  node",
            "phone   app/1   no         2026-11-25T02:00:00Z  apns        yes       1        -      "
                + "  -",
            "web     app/2   yes        2026-11-25T02:00:01Z  -           no        0        01S    "
                + "  pekko://parley@10.0.0.2:1",
            "banned since 2026-11-25T01:00:00Z until it is lifted: spam");
    body = "{\"conversation_id\":\"g_1\",\"settled\":true,\"last_seq\":4}";
    assertThat(run("conversation", "g_1", "--url", url())).isZero();
    assertThat(out().lines()).contains("settled          yes", "last_seq         4");
    assertThat(asked).containsExactly("GET /admin/users/u_ann", "GET /admin/conversations/g_1");
  }

  @Test
  void bansAndEndedSessions() throws IOException {
    status = 204;
    body = "";
    assertThat(run("ban", "u_ann", "--reason", "spam \"x\"", "--minutes", "90", "--url", url()))
        .isZero();
    assertThat(run("ban", "u_ann", "--reason", "spam", "--url", url())).isZero();
    assertThat(run("unban", "u_ann", "--url", url())).isZero();
    assertThat(run("end-session", "u_ann", "01S", "--url", url())).isZero();
    assertThat(run("end-session", "u_ann", "all", "--url", url(), "--json")).isZero();
    assertThat(asked)
        .containsExactly(
            "POST /admin/users/u_ann/ban",
            "POST /admin/users/u_ann/ban",
            "DELETE /admin/users/u_ann/ban",
            "DELETE /admin/users/u_ann/sessions/01S",
            "DELETE /admin/users/u_ann/sessions");
    assertThat(bodies.subList(0, 2))
        .containsExactly("{\"reason\":\"spam \\\"x\\\"\",\"minutes\":90}", "{\"reason\":\"spam\"}");
    assertThat(out()).isEqualToNormalizingNewlines("done\ndone\ndone\ndone\n{}\n");
  }

  @Test
  void settingsAreSetAndShown() {
    status = 204;
    body = "";
    assertThat(run("set", "log.parley", "DEBUG", "--minutes", "5", "--url", url())).isZero();
    assertThat(run("set", "limit.user.a/b.messages-per-minute", "7", "--url", url())).isZero();
    assertThat(run("unset", "flag.push", "--url", url())).isZero();
    assertThat(bodies)
        .containsExactly("{\"value\":\"DEBUG\",\"minutes\":5}", "{\"value\":\"7\"}", "");
    status = 200;
    body =
        """
        {"settings":[
          {"name":"flag.push","value":"off","default":"on","who":"ann",
           "since":"2026-11-25T02:00:00Z","unit":"on or off","about":"whether it pushes"},
          {"name":"log.parley","value":"DEBUG","who":"ann","since":"2026-11-25T02:00:00Z",
           "until":"2026-11-25T03:00:00Z"}],
         "unknown":1,"version":2,"age_seconds":4}
        """;
    assertThat(run("settings", "--url", url())).isZero();
    assertThat(asked)
        .containsExactly(
            "PUT /admin/settings/log.parley",
            "PUT /admin/settings/limit.user.a%2Fb.messages-per-minute",
            "DELETE /admin/settings/flag.push",
            "GET /admin/settings");
    assertThat(out().lines())
        .contains(
            "name        value  default  unit       who  since                 until              "
                + "   about",
            "flag.push   off    on       on or off  ann  2026-11-25T02:00:00Z  -                  "
                + "   whether it pushes",
            "log.parley  DEBUG  -        -          ann  2026-11-25T02:00:00Z  2026-11-25T03:00:00"
                + "Z  -",
            "as this node knows them; confirmed by the store 4 s ago",
            "set, but not known to this version: 1");
    assertThat(run("set", "flag.push", "--url", url())).isEqualTo(2);
    assertThat(run("unset", "--url", url())).isEqualTo(2);
  }

  @Test
  void theAuditLogIsATable() {
    body =
        """
        {"records":[
          {"nr":4,"time":"2026-11-25T02:00:00Z","who":"ops","from":"127.0.0.1",
           "action":"POST /admin/keys/rotation","target":"?lead_seconds=30","result":"done",
           "status":202},
          {"nr":5,"time":"2026-11-25T02:00:01Z","who":"ops","from":"127.0.0.1",
           "action":"POST /admin/marks","target":"","detail":"a=b","result":"started"}],
         "next_after":5}
        """;
    assertThat(run("audit", "--after", "3", "--limit", "2", "--url", url())).isZero();
    assertThat(asked).containsExactly("GET /admin/audit?after=3&limit=2");
    assertThat(out().lines())
        .contains(
            "nr  time                  who  from       action                     target          "
                + "  result    detail",
            "4   2026-11-25T02:00:00Z  ops  127.0.0.1  POST /admin/keys/rotation  ?lead_seconds=30"
                + "  done 202  -",
            "5   2026-11-25T02:00:01Z  ops  127.0.0.1  POST /admin/marks          -               "
                + "  started   a=b",
            "newer ones: --after 5");
  }

  @Test
  void talkersAreTwoTables() {
    body =
        """
        {"node":"n","seconds":87,"entries":5300,
         "users":[{"user_id":"u_ann","entries":410,"at_most":412}],
         "conversations":[{"conversation_id":"g_1","entries":900,"at_most":902}]}
        """;
    assertThat(run("talkers", "--url", url())).isZero();
    assertThat(out().lines())
        .containsSequence("entries  5300", "", "user   entries  at most", "u_ann  410      412")
        .containsSequence("conversation  entries  at most", "g_1           900      902");
  }

  @Test
  void everyOtherCallHasACommand() {
    body =
        "{\"keys\":[{\"kid\":\"k1\",\"use\":\"signing\"}],\"running\":true,\"outcomes\":{\"read\":3}}";
    List<List<String>> commands =
        List.of(
            List.of("keys"),
            List.of("rotate-keys", "--lead-seconds", "30"),
            List.of("marks", "user|u_1"),
            List.of("mend-marks", "user|u_1"),
            List.of("enrolment"),
            List.of("start-enrolment", "--per-second", "5"),
            List.of("end-enrolment"),
            List.of("talkers", "--limit", "5"),
            List.of("drain"),
            List.of("start-drain"),
            List.of("end-drain"),
            List.of("verification"),
            List.of("start-verification", "--per-second", "2"),
            List.of("end-verification"),
            List.of("backup"),
            List.of("last-backup"),
            List.of("dead-letters", "--user", "u_1", "--limit", "3", "--cursor", "7-42"),
            List.of("delete-dead-letters", "7-42"),
            List.of("delete-dead-letters", "all"),
            List.of("delete-dead-letters", "--user", "u_1"),
            List.of("replay"),
            List.of("start-replay", "--batch", "9"));
    for (List<String> command : commands) {
      List<String> all = new ArrayList<>(command);
      all.addAll(List.of("--url", url()));
      assertThat(run(all.toArray(String[]::new))).as("%s: %s", command, err()).isZero();
    }
    assertThat(asked)
        .containsExactly(
            "GET /admin/keys",
            "POST /admin/keys/rotation?lead_seconds=30",
            "GET /admin/marks?entity=user%7Cu_1",
            "POST /admin/marks?entity=user%7Cu_1",
            "GET /admin/archive/enrolment",
            "POST /admin/archive/enrolment?per_second=5",
            "DELETE /admin/archive/enrolment",
            "GET /admin/talkers?limit=5",
            "GET /admin/drain",
            "POST /admin/drain",
            "DELETE /admin/drain",
            "GET /admin/verify",
            "POST /admin/verify?per_second=2",
            "DELETE /admin/verify",
            "POST /admin/backup",
            "GET /admin/backup",
            "GET /admin/push/dead-letters?user=u_1&limit=3&cursor=7-42",
            "DELETE /admin/push/dead-letters/7-42",
            "DELETE /admin/push/dead-letters?all=true",
            "DELETE /admin/push/dead-letters?user=u_1",
            "GET /admin/push/dead-letters/replay",
            "POST /admin/push/dead-letters/replay?batch=9");
    assertThat(out().lines())
        .contains("kid  use      published  signs from  good until", "running  yes", "read: 3");
  }

  @Test
  void theTokenComesFromAFileOrTheEnvironment(@TempDir Path folder) throws IOException {
    body = USER;
    Path file = Files.writeString(folder.resolve("token"), "parley_admin_abc\n");
    assertThat(run("user", "u_1", "--url", url(), "--token-file", file.toString())).isZero();
    environment.put("PARLEY_ADMIN_TOKEN", "parley_admin_env");
    assertThat(run("user", "u_1", "--url", url())).isZero();
    assertThat(tokens).containsExactly("Bearer parley_admin_abc", "Bearer parley_admin_env");
    Files.writeString(file, "two words");
    assertThat(run("user", "u_1", "--url", url(), "--token-file", file.toString())).isEqualTo(2);
    assertThat(err()).contains("--token-file: holds no token").doesNotContain("two words");
    assertThat(out() + err()).doesNotContain("parley_admin_env");
  }

  @Test
  void whoIsNotAllowedGetsThree() {
    for (int refused : List.of(401, 403)) {
      status = refused;
      body = "{\"detail\":\"this needs Authorization\"}";
      assertThat(run("user", "u_1", "--url", url())).isEqualTo(3);
      assertThat(err()).contains("admin: " + refused + ": this needs Authorization");
    }
  }

  @Test
  void aTokenIsMadeWithoutAServer() throws Exception {
    assertThat(run("token", "ops@example", "write")).isZero();
    List<String> lines = out().lines().toList();
    String token = lines.getFirst().substring("token, shown only now: ".length());
    assertThat(token).matches("parley_admin_[A-Za-z0-9_-]{43}");
    String hash =
        HexFormat.of()
            .formatHex(
                MessageDigest.getInstance("SHA-256")
                    .digest(token.getBytes(StandardCharsets.US_ASCII)));
    assertThat(lines.getLast()).isEqualTo("ops@example " + hash + " write");
    out.reset();
    assertThat(run("token", "ops", "read", "--json")).isZero();
    JsonNode made = new ObjectMapper().readTree(out());
    assertThat(made.path("token").asText()).isNotEqualTo(token);
    assertThat(made.path("line").asText()).matches("ops [0-9a-f]{64} read");
    assertThat(asked).isEmpty();
  }

  @Test
  void aProblemIsShownAndEndsWithOne() {
    status = 404;
    body = "{\"detail\":\"there is no such entry\"}";
    assertThat(run("message", "g_1", "7", "--url", url())).isEqualTo(1);
    assertThat(err()).isEqualToIgnoringNewLines("admin: 404: there is no such entry");
    assertThat(out()).isEmpty();
    status = 502;
    body = "<html>";
    assertThat(run("user", "u_1", "--url", url())).isEqualTo(1);
    assertThat(err()).contains("admin: 502: <html>");
  }

  @Test
  void noServerEndsWithOne() {
    String url = url();
    server.stop(0);
    assertThat(run("user", "u_1", "--url", url)).isEqualTo(1);
    assertThat(err()).startsWith("admin: no answer from " + url + "/admin/users/u_1");
  }

  @Test
  void wrongArgumentsEndWithTwo() {
    for (List<String> wrong :
        List.of(
            List.<String>of(),
            List.of("message"),
            List.of("message", "g_1"),
            List.of("message", "g_1", "0"),
            List.of("message", "g_1", "x"),
            List.of("message", "g_1", "1", "2"),
            List.of("message", "has space", "1"),
            List.of("conversation"),
            List.of("user", "u_1", "--after", "u_2"),
            List.of("user", "u_1", "--url"),
            List.of("user", "u_1", "--url", "ftp://x"),
            List.of("user", "u_1", "--url", "nothing"),
            List.of("user", "u_1", "--verbose"),
            List.of("audit", "x"),
            List.of("audit", "--after", "-1"),
            List.of("ban", "u_1"),
            List.of("ban", "u_1", "--reason", " "),
            List.of("ban", "u_1", "--reason", "x", "--minutes", "0"),
            List.of("ban", "--reason", "x"),
            List.of("unban", "u_1", "--minutes", "1"),
            List.of("delete-dead-letters"),
            List.of("rotate-keys", "--lead-seconds", "x"),
            List.of("marks"),
            List.of("end-session", "u_1"),
            List.of("end-session", "u_1", "01S", "more"),
            List.of("audit", "--limit", "0"),
            List.of("end-drain", "--follow"),
            List.of("keys", "--follow"),
            List.of("drain", "now", "--follow"),
            List.of("user", "u_1", "--token-file", "/nowhere/token"),
            List.of("token", "ops"),
            List.of("token", "ops", "all"),
            List.of("token", "has space", "read"),
            List.of("token", "ops", "read", "--url", "http://127.0.0.1:1"))) {
      err.reset();
      assertThat(run(wrong.toArray(String[]::new))).as("%s", wrong).isEqualTo(2);
      assertThat(err()).as("%s", wrong).contains("arguments: admin message CONVERSATION SEQ");
    }
    assertThat(asked).isEmpty();
  }
}
