package parley.monitoring;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import parley.monitoring.MonitoringFiles.Alert;
import parley.monitoring.MonitoringFiles.Query;

/**
 * The dashboards are such as Grafana takes: unique ids, panels that do not overlap, each with a
 * data source, a unit, a title and a description, each found by Grafana's sidecar.
 */
class DashboardsTest {
  private static final Map<String, JsonNode> DASHBOARDS = MonitoringFiles.dashboards();
  private static final Set<String> KINDS = Set.of("timeseries", "stat", "heatmap");

  /** Units of Grafana that are used here. */
  private static final Set<String> UNITS =
      Set.of(
          "none",
          "short",
          "s",
          "bytes",
          "Bps",
          "percentunit",
          "currencyUSD",
          "cps",
          "cpm",
          "mps",
          "rps",
          "wps",
          "reqps");

  private static final Pattern IN_LEGEND = Pattern.compile("\\{\\{(\\w+)}}");
  private static final Pattern ALERT = Pattern.compile("Parley[A-Z]\\w+");

  /** A ConfigMap that kubectl applies is stored once more in an annotation of at most 256 KiB. */
  private static final int MOST_BYTES = 200_000;

  @Test
  void theFiveDashboardsHaveIdsOfTheirOwn() throws IOException {
    assertThat(DASHBOARDS.keySet())
        .containsExactly("delivery.json", "node.json", "overview.json", "push.json", "store.json");
    Set<String> ids = new HashSet<>();
    Set<String> titles = new HashSet<>();
    for (Map.Entry<String, JsonNode> dashboard : DASHBOARDS.entrySet()) {
      JsonNode json = dashboard.getValue();
      assertThat(json.path("uid").asText())
          .matches("[a-z-]{8,40}")
          .isEqualTo("parley-" + dashboard.getKey().replace(".json", ""));
      assertThat(ids.add(json.path("uid").asText())).isTrue();
      assertThat(titles.add(json.path("title").asText())).isTrue();
      assertThat(json.path("description").asText()).isNotEmpty();
      assertThat(json.path("schemaVersion").asInt()).isGreaterThanOrEqualTo(36);
      assertThat(json.has("id")).isFalse();
      assertThat(
              Files.size(MonitoringFiles.FOLDER.resolve("dashboards").resolve(dashboard.getKey())))
          .isLessThan(MOST_BYTES);
    }
  }

  @Test
  void eachPanelIsWhole() {
    DASHBOARDS.forEach(
        (file, dashboard) -> {
          Set<Integer> ids = new HashSet<>();
          for (JsonNode panel : dashboard.path("panels")) {
            String name = file + ": " + panel.path("title").asText();
            assertThat(panel.path("title").asText()).as(name).isNotBlank();
            assertThat(ids.add(panel.path("id").asInt(-1))).as(name).isTrue();
            if (panel.path("type").asText().equals("row")) {
              continue;
            }
            assertThat(panel.path("type").asText()).as(name).isIn(KINDS);
            assertThat(panel.path("description").asText()).as(name).endsWith(".");
            assertThat(panel.at("/fieldConfig/defaults/unit").asText()).as(name).isIn(UNITS);
            assertThat(panel.path("targets")).as(name).isNotEmpty();
            assertThat(isChosen(panel)).as(name).isTrue();
            Set<String> queries = new HashSet<>();
            for (JsonNode target : panel.path("targets")) {
              assertThat(isChosen(target)).as(name).isTrue();
              assertThat(queries.add(target.path("refId").asText())).as(name).isTrue();
              assertThat(target.path("expr").asText()).as(name).isNotBlank();
            }
          }
        });
  }

  @Test
  void panelsLieBesideEachOther() {
    DASHBOARDS.forEach(
        (file, dashboard) -> {
          Set<List<Integer>> taken = new HashSet<>();
          for (JsonNode panel : dashboard.path("panels")) {
            JsonNode at = panel.path("gridPos");
            assertThat(at.path("x").asInt() + at.path("w").asInt()).isLessThanOrEqualTo(24);
            for (int x = 0; x < at.path("w").asInt(); x++) {
              for (int y = 0; y < at.path("h").asInt(); y++) {
                assertThat(taken.add(List.of(at.path("x").asInt() + x, at.path("y").asInt() + y)))
                    .as(file + ": " + panel.path("title"))
                    .isTrue();
              }
            }
          }
        });
  }

  @Test
  void variablesAreDeclaredAndUsed() {
    DASHBOARDS.forEach(
        (file, dashboard) -> {
          Set<String> declared = new TreeSet<>();
          dashboard.at("/templating/list").forEach(v -> declared.add(v.path("name").asText()));
          Set<String> used = new TreeSet<>();
          String all = dashboard.path("panels").toString() + dashboard.path("annotations");
          Matcher variable = Pattern.compile("\\$\\{?([a-z][a-z_]*)").matcher(all);
          while (variable.find()) {
            used.add(variable.group(1));
          }
          assertThat(used).as(file).isEqualTo(declared);
        });
  }

  @Test
  void eachQueryChoosesTheNamespaceAndKeepsTheLabelsOfItsLegend() {
    for (Query query : MonitoringFiles.queries()) {
      String name = query.dashboard() + ": " + query.panel();
      PromqlNames names = PromqlNames.of(query.expression());
      assertThat(names.selectors()).as(name).isNotEmpty();
      assertThat(query.expression().split("namespace=~\"\\$namespace\"", -1).length - 1)
          .as(name)
          .isEqualTo(query.expression().contains("ALERTS") ? 0 : names.selectors().size());
      Matcher label = IN_LEGEND.matcher(query.legend());
      while (label.find()) {
        assertThat(names.outerLabels().contains(label.group(1)) || isBare(query)).as(name).isTrue();
      }
      // A difference of two queries in their legend, or nobody can tell their lines apart.
      assertThat(
              MonitoringFiles.queries().stream()
                  .filter(q -> q.dashboard().equals(query.dashboard()))
                  .filter(q -> q.panel().equals(query.panel()))
                  .filter(q -> q.legend().equals(query.legend())))
          .as(name)
          .hasSizeLessThanOrEqualTo(query.panel().equals("Pending") ? 2 : 1);
    }
  }

  @Test
  void alertsThatPanelsNameExist() {
    Set<String> alerts =
        MonitoringFiles.alerts().stream().map(Alert::name).collect(Collectors.toSet());
    List<String> named = new ArrayList<>();
    DASHBOARDS
        .values()
        .forEach(
            dashboard ->
                dashboard
                    .findValuesAsText("description")
                    .forEach(
                        text -> ALERT.matcher(text).results().forEach(m -> named.add(m.group()))));
    assertThat(named).isNotEmpty().allMatch(alerts::contains);
  }

  @Test
  void theKustomizationMakesALabelledConfigMapOfEach() throws IOException {
    JsonNode kustomization =
        new YAMLMapper().readTree(MonitoringFiles.FOLDER.resolve("kustomization.yaml").toFile());
    assertThat(kustomization.at("/generatorOptions/labels/grafana_dashboard").asText())
        .isEqualTo("1");
    assertThat(kustomization.at("/generatorOptions/disableNameSuffixHash").asBoolean()).isTrue();
    List<String> files = new ArrayList<>();
    for (JsonNode map : kustomization.path("configMapGenerator")) {
      assertThat(map.path("files")).hasSize(1);
      files.add(map.at("/files/0").asText().replace("dashboards/", ""));
      assertThat(map.path("name").asText() + ".json")
          .isEqualTo("parley-dashboard-" + files.getLast());
    }
    assertThat(files).containsExactlyInAnyOrderElementsOf(DASHBOARDS.keySet());
  }

  private static boolean isChosen(JsonNode panelOrTarget) {
    return panelOrTarget.at("/datasource/uid").asText().equals("${datasource}")
        && panelOrTarget.at("/datasource/type").asText().equals("prometheus");
  }

  /** Without an aggregation all labels are kept. */
  private static boolean isBare(Query query) {
    return !query.expression().contains("(");
  }
}
