package parley.monitoring;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import parley.monitoring.MonitoringFiles.Alert;
import parley.monitoring.PrometheusPrograms.Result;

/**
 * The alerts of {@code k8s/components/monitoring}: promtool accepts them, each fires on a bad
 * series and is silent on a good one (the files in {@code src/test/resources/alerts}), and each
 * leads to a section of a runbook.
 */
class AlertRulesTest {
  private static final Path TESTS = Path.of("src/test/resources/alerts");
  private static final Pattern TEST_NAME = Pattern.compile("(\\w+) (fires|is silent)( .*)?");
  private static final Pattern RUNBOOK =
      Pattern.compile("(https://\\S+/)(k8s/runbooks/[a-z-]+\\.md)#(\\w+)");
  private static final Pattern LABEL_IN_TEXT = Pattern.compile("\\$labels\\.(\\w+)");
  private static final List<Alert> ALERTS = MonitoringFiles.alerts();

  @TempDir Path folder;

  @Test
  void promtoolAcceptsTheRules() throws Exception {
    Result result = check(MonitoringFiles.prometheusFile("30s"));
    assertThat(result.exitCode()).as(result.output()).isZero();
    assertThat(result.output()).contains(ALERTS.size() + " rules found");
  }

  @Test
  void promtoolNoticesAWrongRule() throws Exception {
    String wrong = MonitoringFiles.prometheusFile("30s").replaceFirst("sum by", "sun by");
    assertThat(check(wrong).exitCode()).isNotZero();
  }

  @TestFactory
  Stream<DynamicTest> eachAlertFiresOnABadSeriesOnly() {
    return MonitoringFiles.files(TESTS, ".test.yaml").stream()
        .map(
            file ->
                DynamicTest.dynamicTest(
                    file.getFileName().toString(),
                    () -> {
                      Result result = run(Files.readString(file));
                      assertThat(result.exitCode()).as(result.output()).isZero();
                    }));
  }

  @Test
  void aTestThatExpectsAnotherAlertFails() throws Exception {
    String file = Files.readString(TESTS.resolve("push.test.yaml"));
    assertThat(run(file.replaceFirst("ParleyDeadLettersMany\"", "ParleyOther\"")).exitCode())
        .isNotZero();
    assertThat(run(file.replaceFirst("exp_samples: \\[]", "exp_samples: [{labels: x, value: 1}]")))
        .extracting(Result::exitCode)
        .isNotEqualTo(0);
  }

  @Test
  void everyAlertHasBothTests() throws IOException {
    Set<String> tested = new TreeSet<>();
    for (Path file : MonitoringFiles.files(TESTS, ".test.yaml")) {
      for (JsonNode test : new YAMLMapper().readTree(file.toFile()).path("tests")) {
        Matcher name = TEST_NAME.matcher(test.path("name").asText());
        assertThat(name.matches()).as(test.path("name").asText()).isTrue();
        boolean fires = name.group(2).equals("fires");
        JsonNode expected = test.at("/promql_expr_test/0/exp_samples");
        assertThat(expected.toString().contains("\\\"" + name.group(1) + "\\\""))
            .as(name.group())
            .isEqualTo(fires);
        assertThat(expected.isEmpty()).as(name.group()).isEqualTo(!fires);
        tested.add(name.group(1) + " " + name.group(2));
      }
    }
    Set<String> wanted = new TreeSet<>();
    ALERTS.forEach(alert -> wanted.addAll(List.of(alert + " fires", alert + " is silent")));
    assertThat(tested).isEqualTo(wanted);
  }

  /**
   * The text of an alert that fires has a value in each place. promtool shows the text of an alert
   * that a test does not expect.
   */
  @Test
  void theTextOfEachAlertIsFilledIn() throws Exception {
    Set<String> shown = new TreeSet<>();
    for (Path file : MonitoringFiles.files(TESTS, ".test.yaml")) {
      String output = run(expectingNoAlert(file)).output();
      assertThat(output).doesNotContain("error expanding", "no value");
      for (Alert alert : ALERTS) {
        String description = text(alert, "description").split("\\{\\{", 2)[0];
        if (output.contains("alertname=\"" + alert + "\"")
            && output.contains("description=\"" + description)) {
          shown.add(alert.name());
        }
      }
    }
    assertThat(shown)
        .containsExactlyInAnyOrderElementsOf(ALERTS.stream().map(Alert::name).toList());
  }

  private static String expectingNoAlert(Path file) throws IOException {
    JsonNode tests = new YAMLMapper().readTree(file.toFile());
    for (JsonNode test : tests.path("tests")) {
      ObjectNode changed = (ObjectNode) test;
      changed
          .putArray("alert_rule_test")
          .addObject()
          .put("alertname", test.path("name").asText().split(" ", 2)[0])
          .put("eval_time", test.at("/promql_expr_test/0/eval_time").asText());
      changed.remove("promql_expr_test");
    }
    return new YAMLMapper().writeValueAsString(tests);
  }

  @TestFactory
  Stream<DynamicTest> eachAlertSaysWhatToDo() {
    return ALERTS.stream()
        .map(
            alert ->
                DynamicTest.dynamicTest(
                    alert.name(),
                    () -> {
                      assertThat(alert.labels()).containsOnlyKeys("severity");
                      assertThat(alert.labels().get("severity")).isIn("page", "warn");
                      assertThat(alert.lasts()).matches("\\d+[smh]");
                      assertThat(alert.annotations())
                          .containsOnlyKeys("summary", "description", "runbook_url");
                      assertThat(text(alert, "summary"))
                          .doesNotContain("{{")
                          .hasSizeBetween(10, 80);
                      assertThat(text(alert, "description")).contains("{{ $value ").endsWith(".");
                      assertThat(labelsNobodyKeeps(alert)).isEmpty();
                      Matcher runbook = RUNBOOK.matcher(text(alert, "runbook_url"));
                      assertThat(runbook.matches()).as(text(alert, "runbook_url")).isTrue();
                      assertThat(runbook.group(3)).isEqualTo(alert.name().toLowerCase(Locale.ROOT));
                      assertThat(Files.readAllLines(Path.of(runbook.group(2))))
                          .contains("## " + alert.name());
                    }));
  }

  @Test
  void namesAreUsedOnceAndSectionsBelongToAlerts() {
    List<String> names = ALERTS.stream().map(Alert::name).toList();
    assertThat(names).doesNotHaveDuplicates();
    assertThat(ALERTS.stream().map(a -> text(a, "runbook_url").split("k8s/", 2)[0]).distinct())
        .as("operators replace it at once")
        .hasSize(1);
    List<String> sections = new ArrayList<>();
    for (Path file : MonitoringFiles.files(Path.of("k8s/runbooks"), ".md")) {
      try (Stream<String> lines = Files.lines(file)) {
        lines.filter(line -> line.startsWith("## Parley")).forEach(sections::add);
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
    assertThat(sections)
        .containsExactlyInAnyOrderElementsOf(names.stream().map(n -> "## " + n).toList());
  }

  /** A label that the expression sums away would be empty in the text. */
  private static Set<String> labelsNobodyKeeps(Alert alert) {
    Set<String> labels = new TreeSet<>();
    Matcher inText = LABEL_IN_TEXT.matcher(text(alert, "description"));
    while (inText.find()) {
      labels.add(inText.group(1));
    }
    if (alert.expression().contains(" by (")) {
      labels.removeAll(PromqlNames.of(alert.expression()).outerLabels());
    } else {
      labels.remove("instance");
    }
    return labels;
  }

  private static String text(Alert alert, String annotation) {
    return alert.annotations().getOrDefault(annotation, "");
  }

  private Result check(String rules) throws IOException, InterruptedException {
    Files.writeString(folder.resolve("rules.yaml"), rules);
    return PrometheusPrograms.promtool(folder, "check", "rules", "rules.yaml");
  }

  private Result run(String tests) throws IOException, InterruptedException {
    Files.writeString(folder.resolve("rules.yaml"), MonitoringFiles.prometheusFile("30s"));
    Files.writeString(folder.resolve("test.yaml"), tests);
    return PrometheusPrograms.promtool(folder, "test", "rules", "test.yaml");
  }
}
