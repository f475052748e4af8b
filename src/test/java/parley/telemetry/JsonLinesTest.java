package parley.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The program's own configuration, with lines in JSON. */
class JsonLinesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void aLineHasTheFieldsOfEveryLineAndItsOwn() throws Exception {
    JsonNode line =
        one(
            program ->
                program
                    .getLogger("parley.some.Thing")
                    .atWarn()
                    .addKeyValue("event", "thing_failed")
                    .addKeyValue("conversation_id", "d_1")
                    .addKeyValue("latency_ms", 12L)
                    .addKeyValue("settings", List.of("A=b"))
                    .log("A \"quoted\"\nthing of {}", "d_1"));
    assertThat(Instant.parse(line.path("time").asText())).isNotNull();
    assertThat(line.path("level").asText()).isEqualTo("WARN");
    assertThat(line.path("logger").asText()).isEqualTo("parley.some.Thing");
    assertThat(line.path("message").asText()).isEqualTo("A \"quoted\"\nthing of d_1");
    assertThat(line.path("event").asText()).isEqualTo("thing_failed");
    assertThat(line.path("node").asText()).isEqualTo(NodeName.get());
    assertThat(line.path("conversation_id").asText()).isEqualTo("d_1");
    assertThat(line.path("latency_ms").isIntegralNumber()).isTrue();
    assertThat(line.path("latency_ms").asLong()).isEqualTo(12);
    assertThat(line.path("settings").path(0).asText()).isEqualTo("A=b");
    assertThat(line.has("exception")).isFalse();
  }

  @Test
  void aLineWithoutANameIsNamedByItsWords() throws Exception {
    JsonNode line =
        one(program -> program.getLogger("parley.a.B").info("{}: no snapshot of {}", "d_1", 7));
    assertThat(line.path("event").asText()).isEqualTo("no_snapshot_of");
  }

  /** Also in its causes, which libraries make. */
  @Test
  void anExceptionIsAFieldWithoutNamesAndBounded() throws Exception {
    JsonNode line =
        one(
            program ->
                program
                    .getLogger("org.apache.pekko.persistence.X")
                    .error(
                        "Failed to persist [Account|ann.secret]",
                        new IllegalStateException(
                            "of Account|ann.secret",
                            new IOException(
                                "/sharding/Account/3/ann.secret" + "x".repeat(50_000)))));
    assertThat(line.path("exception").asText())
        .contains("IllegalStateException", "Caused by")
        .hasSizeLessThanOrEqualTo(LogException.MAX_CHARS + 2);
    assertThat(line.path("event").asText()).isEqualTo("library");
    assertThat(line.toString()).doesNotContain("ann.secret");
  }

  /** Values of a line do not make it another kind. */
  @Test
  void whatWasLeftOutIsCountedInALineOfItsOwn() throws Exception {
    List<JsonNode> lines =
        lines(
            program -> {
              for (int i = 0; i < 1_000; i++) {
                program
                    .getLogger("parley.messages")
                    .atInfo()
                    .addKeyValue("event", "message_delivered")
                    .addKeyValue("message_id", "m" + i)
                    .log("message_delivered {}", "with words " + letters(i));
              }
            });
    long written = lines.stream().filter(line -> !line.has("suppressed")).count();
    long suppressed = lines.stream().mapToLong(line -> line.path("suppressed").asLong()).sum();
    assertThat(written + suppressed).isEqualTo(1_000);
    assertThat(written).isLessThan(100);
    JsonNode summary =
        lines.stream().filter(line -> line.has("suppressed")).findFirst().orElseThrow();
    assertThat(summary.path("event").asText()).isEqualTo("lines_suppressed");
    assertThat(summary.path("suppressed_event").asText()).isEqualTo("message_delivered");
    assertThat(summary.path("node").asText()).isEqualTo(NodeName.get());
  }

  /** Lines about changes of operators are the record that stays, also when the store is lost. */
  @Test
  void noLineOfTheAuditIsLeftOut() throws Exception {
    List<JsonNode> lines =
        lines(
            program -> {
              program.getLogger("parley").setLevel(Level.ERROR);
              for (int i = 0; i < 1_000; i++) {
                program
                    .getLogger("parley.audit")
                    .atInfo()
                    .addKeyValue("event", "audit_change_begins")
                    .addKeyValue("nr", i)
                    .log("Audit {}: POST /admin/marks ?entity=Account|ann", i);
              }
            });
    assertThat(lines).hasSize(1_000);
    assertThat(lines.getLast().path("nr").asInt()).isEqualTo(999);
    assertThat(lines.toString()).doesNotContain("ann");
  }

  private static String letters(int number) {
    StringBuilder word = new StringBuilder();
    for (char digit : String.valueOf(number).toCharArray()) {
      word.append((char) (digit - '0' + 'a'));
    }
    return word.toString();
  }

  private static JsonNode one(Consumer<LoggerContext> speaks) throws Exception {
    List<JsonNode> lines = lines(speaks);
    assertThat(lines).hasSize(1);
    return lines.getFirst();
  }

  private static List<JsonNode> lines(Consumer<LoggerContext> speaks) throws Exception {
    PrintStream terminal = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    LoggerContext program = new LoggerContext();
    program.setMDCAdapter(new LogbackMDCAdapter());
    program.putProperty("PARLEY_LOG_FORMAT", "json");
    try {
      System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
      JoranConfigurator configurator = new JoranConfigurator();
      configurator.setContext(program);
      configurator.doConfigure(
          Objects.requireNonNull(JsonLinesTest.class.getResource("/logback.xml")));
      speaks.accept(program);
    } finally {
      program.stop();
      System.setOut(terminal);
    }
    return out.toString(StandardCharsets.UTF_8).lines().map(JsonLinesTest::parsed).toList();
  }

  private static JsonNode parsed(String line) {
    try {
      return JSON.readTree(line);
    } catch (IOException e) {
      throw new UncheckedIOException(line, e);
    }
  }
}
