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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

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
       "last_seen":"2026-11-25T02:00:00Z","push_platform":"apns","pushable":true,"lagging":1}]}
      """;

  private final List<String> asked = new CopyOnWriteArrayList<>();
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
          byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, bytes.length);
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
            "device  client  connected  last seen             push token  pushable  lagging",
            "phone   app/1   no         2026-11-25T02:00:00Z  apns        yes       1");
    body = "{\"conversation_id\":\"g_1\",\"settled\":true,\"last_seq\":4}";
    assertThat(run("conversation", "g_1", "--url", url())).isZero();
    assertThat(out().lines()).contains("settled          yes", "last_seq         4");
    assertThat(asked).containsExactly("GET /admin/users/u_ann", "GET /admin/conversations/g_1");
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
            List.of("audit", "x"))) {
      err.reset();
      assertThat(run(wrong.toArray(String[]::new))).as("%s", wrong).isEqualTo(2);
      assertThat(err()).as("%s", wrong).contains("arguments: admin message CONVERSATION SEQ");
    }
    assertThat(asked).isEmpty();
  }
}
