package parley.monitoring;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Reads the rules and the dashboards of {@code k8s/components/monitoring}. */
final class MonitoringFiles {
  static final Path FOLDER = Path.of("k8s/components/monitoring");

  private static final YAMLMapper YAML = new YAMLMapper();
  private static final ObjectMapper JSON = new ObjectMapper();

  private MonitoringFiles() {}

  /**
   * An alert.
   *
   * @param annotations summary, description, runbook_url
   */
  record Alert(
      String name,
      String expression,
      String lasts,
      Map<String, String> labels,
      Map<String, String> annotations) {
    @Override
    public String toString() {
      return name;
    }
  }

  /**
   * A query of a panel.
   *
   * @param dashboard the uid of its dashboard
   * @param variables the dashboard's text boxes, with their values
   */
  record Query(
      String dashboard,
      String panel,
      String expression,
      String legend,
      Map<String, String> variables) {
    /** The expression as Grafana sends it, with all namespaces and nodes chosen. */
    String asSent() {
      String sent =
          expression
              .replace("$namespace", ".*")
              .replace("$instance", ".*")
              .replace("$__rate_interval", "1m");
      for (Map.Entry<String, String> variable : variables.entrySet()) {
        sent = sent.replace("$" + variable.getKey(), variable.getValue());
      }
      return sent;
    }
  }

  static List<Alert> alerts() {
    List<Alert> alerts = new ArrayList<>();
    for (JsonNode group : groups()) {
      for (JsonNode rule : group.path("rules")) {
        alerts.add(
            new Alert(
                rule.path("alert").asText(),
                rule.path("expr").asText(),
                rule.path("for").asText(),
                texts(rule.path("labels")),
                texts(rule.path("annotations"))));
      }
    }
    return alerts;
  }

  /** Name of the file → dashboard. */
  static Map<String, JsonNode> dashboards() {
    Map<String, JsonNode> dashboards = new TreeMap<>();
    for (Path file : files(FOLDER.resolve("dashboards"), ".json")) {
      dashboards.put(
          file.getFileName().toString(), read(() -> JSON.readTree(Files.readString(file))));
    }
    return dashboards;
  }

  /** The queries by which prometheus-adapter answers the autoscaler, as it sends them. */
  static List<String> autoscalerQueries() {
    List<String> queries = new ArrayList<>();
    Path values = Path.of("k8s/prometheus-adapter/values.yaml");
    for (JsonNode rule : read(() -> YAML.readTree(values.toFile())).at("/rules/custom")) {
      queries.add(
          rule.path("metricsQuery")
              .asText()
              .replace("<<.GroupBy>>", "namespace")
              .replace("<<.LabelMatchers>>", "job=\"parley\""));
      queries.add(rule.path("seriesQuery").asText());
    }
    return queries;
  }

  /** All queries of all panels. */
  static List<Query> queries() {
    List<Query> queries = new ArrayList<>();
    for (JsonNode dashboard : dashboards().values()) {
      Map<String, String> variables = new TreeMap<>();
      for (JsonNode variable : dashboard.at("/templating/list")) {
        if (variable.path("type").asText().equals("textbox")) {
          variables.put(variable.path("name").asText(), variable.path("query").asText());
        }
      }
      for (JsonNode panel : dashboard.path("panels")) {
        for (JsonNode target : panel.path("targets")) {
          queries.add(
              new Query(
                  dashboard.path("uid").asText(),
                  panel.path("title").asText(),
                  target.path("expr").asText(),
                  target.path("legendFormat").asText(),
                  variables));
        }
      }
    }
    return queries;
  }

  /**
   * The rules of all PrometheusRules as one file, as Prometheus reads it.
   *
   * @param interval how often they are evaluated, for example {@code 30s}
   */
  static String prometheusFile(String interval) {
    List<JsonNode> groups = groups();
    groups.forEach(group -> ((ObjectNode) group).put("interval", interval));
    return read(() -> YAML.writeValueAsString(Map.of("groups", groups)));
  }

  /** The groups of the rules of all PrometheusRules; a copy. */
  static List<JsonNode> groups() {
    List<JsonNode> groups = new ArrayList<>();
    for (Path file : files(FOLDER, ".yaml")) {
      JsonNode object = read(() -> YAML.readTree(Files.readString(file)));
      if (object.path("kind").asText().equals("PrometheusRule")) {
        object.at("/spec/groups").forEach(groups::add);
      }
    }
    return groups;
  }

  private static Map<String, String> texts(JsonNode object) {
    Map<String, String> texts = new TreeMap<>();
    object.properties().forEach(field -> texts.put(field.getKey(), field.getValue().asText()));
    return texts;
  }

  /** Files of a folder, in order. */
  static List<Path> files(Path folder, String ending) {
    return read(
        () -> {
          try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(ending)).sorted().toList();
          }
        });
  }

  private interface Reading<T> {
    T read() throws IOException;
  }

  private static <T> T read(Reading<T> reading) {
    try {
      return reading.read();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
