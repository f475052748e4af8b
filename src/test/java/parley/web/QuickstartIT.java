package parley.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.client.ParleyClient;
import parley.client.ServerProcess;
import parley.client.TestAccount;

/**
 * The quickstarts do what their texts promise. Their code blocks run as they are published, against
 * a server with default settings; only its address is replaced, because its port is any free one.
 *
 * <p>The blocks need {@code bash}, {@code curl} and {@code jq}. JavaScript runs in Chromium and in
 * the Node.js that Playwright brings.
 */
@SuppressWarnings("NullAway.Init") // JUnit calls start() first
class QuickstartIT {
  private static final Path README = Path.of("README.md");
  private static final Path GUIDE = Path.of("src/main/resources/docs/guide");
  private static final String PUBLISHED_ADDRESS = "http://127.0.0.1:8080";
  private static final String SEPARATOR = "=== next block ===";
  private static final Pattern RECEIVED = Pattern.compile("#(\\d+) text: Hello!");
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** The defaults, which {@link ServerProcess} otherwise switches off. */
  private static final Map<String, String> DEFAULT_LIMITS =
      Map.of(
          "PARLEY_RATE_MESSAGES_PER_MINUTE", "50",
          "PARLEY_RATE_REQUESTS_PER_SECOND", "10",
          "PARLEY_GROUPS_PER_DAY", "100",
          "PARLEY_REGISTRATIONS_PER_DAY", "50");

  @TempDir private Path folder;
  private ServerProcess server;
  private ParleyClient client;

  @BeforeEach
  void start() {
    server = ServerProcess.start(folder.resolve("data"), DEFAULT_LIMITS);
    client = new ParleyClient(server.uri());
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  @Test
  void readmeSendsAMessageWithCurlAndAnotherWithJavaScript() throws IOException {
    String curl = local(onlyBlock(README, "sh"));
    List<JsonNode> answers = json(run(curl));
    assertThat(answers).hasSize(4);
    JsonNode sent = answers.get(2);
    assertThat(sent.path("status").asText()).isEqualTo("sent");
    assertThat(sent.path("duplicate").asBoolean()).isFalse();
    assertThat(contents(answers.get(3).path("entries"))).containsExactly("Hello Bob");

    // A second run of the block repeats the call that sends.
    List<JsonNode> repeated = json(run(curl));
    assertThat(repeated).hasSize(4);
    assertThat(repeated.get(2).path("seq")).isEqualTo(sent.path("seq"));
    assertThat(repeated.get(2).path("duplicate").asBoolean()).isTrue();
    assertThat(contents(repeated.get(3).path("entries"))).containsExactly("Hello Bob");

    String script = local(onlyBlock(README, "js"));
    runInBrowserConsole(script);
    assertThat(messagesOf("bob", "correct horse")).containsExactly("Hello Bob", "Hello");

    Files.writeString(folder.resolve("chat.mjs"), script);
    try (Terminal node = terminal("node chat.mjs")) {
      node.awaitOutput("op: 'sent'");
      node.awaitOutput("duplicate: true");
    }
    assertThat(messagesOf("bob", "correct horse")).containsExactly("Hello Bob", "Hello");
  }

  @Test
  void guideSendsAMessageWithCurlAndItsJavaScriptClientMissesNone() throws IOException {
    List<String> blocks = PublishedCode.blocks(GUIDE.resolve("curl.md"), "sh");
    assertThat(blocks).hasSize(5);
    String accounts = local(blocks.get(0));
    String tokens = blocks.get(1);
    String message = blocks.get(2);
    String inbox = blocks.get(3);
    String read = blocks.get(4);
    String output =
        run(
            String.join(
                "printf '\\n%s\\n' '" + SEPARATOR + "'\n",
                List.of(accounts, tokens, message, message, inbox, read, inbox)));
    List<String> outputs = List.of(output.split(SEPARATOR));
    assertThat(outputs).as(output).hasSize(7);

    assertThat(outputs.get(0)).isBlank();
    assertThat(json(outputs.get(1)).getFirst().path("username").asText()).isEqualTo("ann");
    JsonNode sent = json(outputs.get(2)).getFirst();
    assertThat(sent.path("status").asText()).isEqualTo("sent");
    assertThat(sent.path("duplicate").asBoolean()).isFalse();
    JsonNode repeated = json(outputs.get(3)).getFirst();
    assertThat(repeated.path("duplicate").asBoolean()).isTrue();
    assertThat(repeated.path("message_id")).isEqualTo(sent.path("message_id"));
    assertThat(repeated.path("seq")).isEqualTo(sent.path("seq"));
    List<JsonNode> beforeReading = json(outputs.get(4));
    assertThat(unreadCounts(beforeReading.get(0))).containsExactly(1);
    assertThat(contents(beforeReading.get(1).path("entries"))).containsExactly("Hello Ben!");
    assertThat(outputs.get(5)).contains("HTTP/1.1 204");
    assertThat(unreadCounts(json(outputs.get(6)).get(0))).containsExactly(0);

    runTheClientOfTheGuide();
  }

  /** The two commands of the guide, in two terminals, with the accounts of the curl quickstart. */
  private void runTheClientOfTheGuide() throws IOException {
    Path page = GUIDE.resolve("javascript.md");
    Files.writeString(folder.resolve("client.mjs"), onlyBlock(page, "js"));
    List<String> commands = onlyBlock(page, "sh").lines().toList();
    assertThat(commands).hasSize(2);
    String startBen = commands.get(0);
    String startAnn = commands.get(1);

    try (Terminal ben = terminal(startBen)) {
      ben.awaitOutput("connected, 0 missed");
      try (Terminal ann = terminal(startAnn)) {
        ann.awaitOutput("sent as #2");
      }
      ben.awaitOutput("#2 text: Hello!");
      awaitDelivered("ben", "battery staple", 2);
    }
    for (int seq = 3; seq <= 5; seq++) {
      try (Terminal ann = terminal(startAnn)) {
        ann.awaitOutput("sent as #" + seq);
      }
    }
    try (Terminal ben = terminal(startBen)) {
      ben.awaitOutput("connected, 3 missed");
      assertThat(RECEIVED.matcher(ben.output()).results().map(MatchResult::group))
          .containsExactly("#3 text: Hello!", "#4 text: Hello!", "#5 text: Hello!");
    }
  }

  /** Evaluates the script on the server's page, as a browser's console does. */
  private void runInBrowserConsole(String script) {
    try (Playwright playwright = Browsers.playwright();
        Browser browser = Browsers.chromium(playwright)) {
      Page page = browser.newPage();
      List<String> lines = new ArrayList<>();
      page.onConsoleMessage(message -> lines.add(message.text()));
      page.navigate(server.uri().toString());
      page.evaluate("async () => {" + script + "}");
      page.waitForCondition(
          () -> {
            assertThat(lines).noneMatch(line -> line.contains("op: error"));
            return lines.stream().anyMatch(line -> line.contains("op: sent"));
          });
    }
  }

  private String run(String commands) {
    try (Terminal terminal = terminal(commands)) {
      return terminal.outputAtEnd();
    }
  }

  /** A terminal in which {@code node} and {@code SERVER} are as the guide presumes. */
  private Terminal terminal(String commands) {
    String path = Browsers.nodeFolder() + File.pathSeparator + System.getenv("PATH");
    return Terminal.open(folder, Map.of("PATH", path, "SERVER", server.uri().toString()), commands);
  }

  private static String onlyBlock(Path file, String language) {
    List<String> blocks = PublishedCode.blocks(file, language);
    assertThat(blocks).as(language + " in " + file).hasSize(1);
    return blocks.getFirst();
  }

  /** The code with the address of this test's server. */
  private String local(String code) {
    assertThat(code).contains(PUBLISHED_ADDRESS);
    return code.replace(PUBLISHED_ADDRESS, server.uri().toString());
  }

  /** The JSON values of an output, one after the other. */
  private static List<JsonNode> json(String output) throws IOException {
    try (MappingIterator<JsonNode> values = MAPPER.readerFor(JsonNode.class).readValues(output)) {
      return values.readAll();
    }
  }

  private static List<String> contents(JsonNode entries) {
    List<String> contents = new ArrayList<>();
    entries.forEach(entry -> contents.add(entry.path("content").asText()));
    return contents;
  }

  private static List<Integer> unreadCounts(JsonNode inbox) {
    List<Integer> counts = new ArrayList<>();
    inbox.path("conversations").forEach(row -> counts.add(row.path("unread_count").asInt()));
    return counts;
  }

  /** The messages of the user's only conversation, in order. */
  private List<String> messagesOf(String username, String password) {
    TestAccount account = client.login(username, password);
    List<String> contents = new ArrayList<>();
    for (JsonNode entry : client.log(account, onlyConversation(account))) {
      contents.add(entry.path("content").asText());
    }
    return contents;
  }

  /** Waits until the user's devices have acknowledged the entry with this seq. */
  private void awaitDelivered(String username, String password, int seq) {
    TestAccount account = client.login(username, password);
    String conversation = "/v1/conversations/" + onlyConversation(account);
    await()
        .atMost(Terminal.PATIENCE)
        // More often would use up the requests of this address, which the terminals need.
        .pollInterval(Duration.ofSeconds(1))
        .untilAsserted(
            () -> {
              JsonNode members =
                  client
                      .get(conversation, account.accessToken())
                      .expect(200)
                      .body()
                      .path("members");
              assertThat(members)
                  .anyMatch(
                      member ->
                          member.path("user_id").asText().equals(account.userId())
                              && member.path("delivered_seq").asInt() == seq);
            });
  }

  private String onlyConversation(TestAccount account) {
    List<JsonNode> rows = client.inbox(account);
    assertThat(rows).hasSize(1);
    return rows.getFirst().path("conversation_id").asText();
  }
}
