package parley.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The commands about a drain with {@code --follow}, before a stand-in of the management port. */
class DrainFollowerTest {
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final List<String> tokens = new CopyOnWriteArrayList<>();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private HttpServer server;
  private volatile int status = 200;
  private volatile String body = "";

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          asked.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
          tokens.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
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

  private static String drain(String state, int left) {
    return """
        {"state":"%s","sockets_before":70,"sockets_left":%d,"seconds_left":%d,"shards":9}"""
        .formatted(state, left, left * 2);
  }

  /** The node gives these answers, a new one after each pause of the command. */
  private int follow(List<String> answers, String... arguments) {
    Deque<String> next = new ArrayDeque<>(answers);
    body = next.remove();
    List<String> all = new ArrayList<>(List.of("admin"));
    all.addAll(List.of(arguments));
    all.addAll(List.of("--follow", "--url", "http://127.0.0.1:" + server.getAddress().getPort()));
    int exit =
        AdminCommand.run(
            all,
            Map.of("PARLEY_ADMIN_TOKEN", "parley_admin_env"),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            pause -> {
              assertThat(pause).isPositive();
              body = next.remove();
            });
    assertThat(next).as("the command asks until the drain is over").isEmpty();
    return exit;
  }

  private List<String> printed() {
    return out.toString(StandardCharsets.UTF_8).lines().toList();
  }

  private String problem() {
    return err.toString(StandardCharsets.UTF_8).strip();
  }

  @Test
  void itPrintsProgressUntilAllHaveLeft() {
    status = 202;
    List<String> answers =
        List.of(drain("announced", 70), drain("leaving", 31), drain("drained", 0));
    assertThat(follow(answers, "start-drain")).isZero();
    assertThat(asked).containsExactly("POST /admin/drain", "GET /admin/drain", "GET /admin/drain");
    assertThat(tokens).containsOnly("Bearer parley_admin_env");
    assertThat(printed())
        .containsExactly(
            "announced  70 of 70 sockets left, 140 s, 9 shards",
            "leaving    31 of 70 sockets left, 62 s, 9 shards",
            "drained    0 of 70 sockets left, 0 s, 9 shards");
    assertThat(problem()).isEmpty();
  }

  @Test
  void asJsonEachAnswerIsALine() {
    List<String> answers = List.of(drain("leaving", 1), drain("drained", 0));
    assertThat(follow(answers, "drain", "--json")).isZero();
    assertThat(asked).containsExactly("GET /admin/drain", "GET /admin/drain");
    assertThat(printed()).isEqualTo(answers);
  }

  @Test
  void aDrainThatDoesNotEndWellEndsWithOne() {
    for (String state : List.of("serving", "stopping", "starting")) {
      err.reset();
      assertThat(follow(List.of(drain("leaving", 5), drain(state, 5)), "drain")).isEqualTo(1);
      assertThat(problem())
          .isEqualTo("admin: not drained: the node is " + state + ", and no drain goes on");
    }
  }

  @Test
  void aRefusalEndsWithOne() {
    status = 409;
    String refusal = "{\"detail\":\"not while the node is drained\"}";
    assertThat(follow(List.of(refusal), "start-drain")).isEqualTo(1);
    assertThat(problem()).isEqualTo("admin: 409: not while the node is drained");
    assertThat(printed()).isEmpty();
  }

  @Test
  void aNodeThatIsGoneEndsWithOne() {
    int port = server.getAddress().getPort();
    body = drain("leaving", 1);
    int exit =
        AdminCommand.run(
            List.of("admin", "drain", "--follow", "--url", "http://127.0.0.1:" + port),
            Map.of(),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            pause -> server.stop(0));
    assertThat(exit).isEqualTo(1);
    assertThat(problem()).startsWith("admin: no answer from ").contains("/admin/drain");
  }
}
