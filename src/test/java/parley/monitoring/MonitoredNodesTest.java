package parley.monitoring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.app.Node;
import parley.app.QuickNode;
import parley.client.DynamoLocal;
import parley.client.Frames;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.TestAccount;
import parley.monitoring.MonitoringFiles.Alert;
import parley.monitoring.MonitoringFiles.Query;
import parley.monitoring.PromqlNames.Selector;
import parley.settings.Settings;
import parley.tls.SelfMadeCertificate;
import parley.tls.TlsFiles;

/**
 * Rules and dashboards name what nodes measure, and Prometheus answers each of their queries. Two
 * nodes are asked, one with each store; the second one by TLS. Each is a namespace of its own, as
 * two deployments are.
 */
@Timeout(180)
@SuppressWarnings("NullAway.Init") // JUnit calls start() first
class MonitoredNodesTest {
  private static final Pattern SAMPLE = Pattern.compile("([a-z_]+)(?:\\{(.*)})? (\\S+)");
  private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"([^\"]*)\"");

  /**
   * What nobody does here: limits, refused sends, pushes, reads of old entries, snapshots,
   * throttles.
   */
  private static final Set<String> EMPTY_WITHOUT_USE =
      Set.of(
          "parley-delivery: Limits",
          "parley-delivery: Refused sends",
          "parley-push: Time of a request",
          "parley-store: Reads of segments",
          "parley-store: Sizes",
          "parley-store: Throttles and retries");

  /** Prometheus makes these itself. */
  private static final Set<String> OF_PROMETHEUS = Set.of("up", "ALERTS");

  private static final AtomicInteger NAMES = new AtomicInteger();

  @TempDir static Path folder;
  private static Node embedded;
  private static Node dynamodb;
  private static PrometheusServer prometheus;

  @BeforeAll
  static void start() throws Exception {
    embedded = node("embedded", Map.of());
    Map<String, String> shared =
        new HashMap<>(DynamoLocal.environment(DynamoLocal.endpoint(), DynamoLocal.prefix()));
    TlsFiles tls = SelfMadeCertificate.in(folder.resolve("tls"), InstantSource.system());
    shared.put("PARLEY_MANAGEMENT_TLS_CERT", tls.cert().toString());
    shared.put("PARLEY_MANAGEMENT_TLS_KEY", tls.key().toString());
    dynamodb = node("dynamodb", shared);
    // Pauses of the collector are a series only after the first one.
    System.gc();
    Path place = Files.createDirectory(folder.resolve("prometheus"));
    Files.writeString(place.resolve("rules.yaml"), MonitoringFiles.prometheusFile("1s"));
    prometheus = PrometheusServer.start(place, configuration());
    await().atMost(Duration.ofSeconds(30)).until(() -> prometheus.query("up == 1").size() == 2);
    for (Node node : List.of(embedded, dynamodb)) {
      chat(node);
    }
  }

  @AfterAll
  static void stop() {
    for (AutoCloseable one : new AutoCloseable[] {prometheus, embedded, dynamodb}) {
      if (one != null) {
        try {
          one.close();
        } catch (Exception e) {
          throw new AssertionError(e);
        }
      }
    }
  }

  @Test
  void everyNamedMeterWithItsLabelsAndValuesIsThere() {
    Map<String, List<Map<String, String>>> scraped = new TreeMap<>();
    scrape(embedded, scraped);
    scrape(dynamodb, scraped);
    List<String> missing = new ArrayList<>();
    for (String expression : expressions()) {
      PromqlNames names = PromqlNames.of(expression);
      Set<String> labels = new TreeSet<>(Set.of("le"));
      for (Selector selector : names.selectors()) {
        List<Map<String, String>> series = scraped.getOrDefault(selector.name(), List.of());
        series.forEach(one -> labels.addAll(one.keySet()));
        if (OF_PROMETHEUS.contains(selector.name())) {
          continue;
        }
        if (!selector.isWhole(series)) {
          missing.add(selector + " of " + expression);
        }
      }
      if (!labels.containsAll(names.labels())) {
        missing.add(names.labels() + " of " + expression);
      }
    }
    assertThat(missing).isEmpty();
  }

  @Test
  void aMissingNameOrValueIsNoticed() {
    Map<String, List<Map<String, String>>> scraped = new TreeMap<>();
    scrape(embedded, scraped);
    for (String wrong :
        List.of(
            "parley_socket{job=\"x\"}",
            "parley_dispatch_backlog{state=\"wating\"}",
            "parley_messages_refused_total{code=~\"unavailable|intern\"}")) {
      Selector selector = PromqlNames.of(wrong).selectors().getFirst();
      assertThat(selector.isWhole(scraped.getOrDefault(selector.name(), List.of())))
          .as(wrong)
          .isFalse();
    }
  }

  /** No query is an error, and none is empty that need not be. */
  @Test
  void prometheusAnswersTheQueryOfEachPanel() throws Exception {
    // A rate looks back for a minute, and another test may have taken longer.
    chat(embedded);
    chat(dynamodb);
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(emptyPanels()).isSubsetOf(EMPTY_WITHOUT_USE));
  }

  /** Each metric of the autoscaler is a number for each node, also without calls. */
  @Test
  void prometheusAnswersTheQueriesOfTheAutoscaler() throws Exception {
    assertThat(MonitoringFiles.autoscalerQueries()).hasSize(4);
    for (String query : MonitoringFiles.autoscalerQueries()) {
      JsonNode answer = prometheus.query(query);
      Set<String> namespaces = new TreeSet<>();
      for (JsonNode one : answer) {
        namespaces.add(one.at("/metric/namespace").asText());
        assertThat(one.at("/value/1").asDouble(-1)).as(query).isGreaterThanOrEqualTo(0);
      }
      assertThat(namespaces).as(query).containsExactly("dynamodb", "embedded");
    }
  }

  private static Set<String> emptyPanels() throws IOException, InterruptedException {
    Set<String> empty = new TreeSet<>();
    for (Query query : MonitoringFiles.queries()) {
      if (isEmpty(prometheus.query(query.asSent()))) {
        empty.add(query.dashboard() + ": " + query.panel());
      }
    }
    return empty;
  }

  @Test
  void everyRuleIsHealthyAndNoneFires() throws Exception {
    int alerts = MonitoringFiles.alerts().size();
    List<JsonNode> rules = new ArrayList<>();
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () -> {
              rules.clear();
              prometheus.groups().forEach(group -> group.path("rules").forEach(rules::add));
              assertThat(rules).hasSize(alerts);
              assertThat(rules).noneMatch(rule -> rule.path("health").asText().equals("unknown"));
            });
    for (JsonNode rule : rules) {
      assertThat(rule.path("health").asText()).as(rule.toString()).isEqualTo("ok");
      assertThat(rule.path("state").asText()).as(rule.toString()).isNotEqualTo("firing");
    }
  }

  private static List<String> expressions() {
    List<String> all = new ArrayList<>();
    MonitoringFiles.alerts().stream().map(Alert::expression).forEach(all::add);
    MonitoringFiles.queries().stream().map(Query::expression).forEach(all::add);
    all.addAll(MonitoringFiles.autoscalerQueries());
    return all;
  }

  private static boolean isEmpty(JsonNode result) {
    for (JsonNode one : result) {
      if (!one.at("/value/1").asText().equals("NaN")) {
        return false;
      }
    }
    return true;
  }

  /** Adds the series of a node: name → labels of each. */
  private static void scrape(Node node, Map<String, List<Map<String, String>>> into) {
    for (String line : node.telemetry().scrape().lines().toList()) {
      Matcher sample = SAMPLE.matcher(line);
      if (sample.matches()) {
        Map<String, String> labels = new TreeMap<>();
        Matcher label = LABEL.matcher(sample.group(2) == null ? "" : sample.group(2));
        while (label.find()) {
          labels.put(label.group(1), label.group(2));
        }
        into.computeIfAbsent(sample.group(1), name -> new ArrayList<>()).add(labels);
      }
    }
  }

  private static Node node(String name, Map<String, String> settings) throws Exception {
    Map<String, String> all = new HashMap<>(settings);
    all.put("PARLEY_PORT", "0");
    all.put("PARLEY_MANAGEMENT_PORT", "0");
    all.put("PARLEY_UNREADY_SECONDS", "0");
    all.put("PARLEY_DRAIN_SECONDS", "0");
    // A busy machine would shed presence, whose panels must show something.
    all.put("PARLEY_FLAGS_OFF", "admission-by-load");
    all.put("PARLEY_COLD_STORE", "file");
    all.put("PARLEY_DATA_DIR", folder.resolve(name).toString());
    return QuickNode.start(Settings.from(all));
  }

  /** Something of everything: messages, a retry, history, a refusal, a reconnect. */
  private static void chat(Node node) throws IOException {
    try (ParleyClient client = new ParleyClient(URI.create("http://" + node.listening()))) {
      TestAccount ann = client.register("ann" + NAMES.incrementAndGet());
      TestAccount ben = client.register("ben" + NAMES.incrementAndGet());
      String id = client.direct(ann, ben.userId());
      try (ParleySocket a = client.connectSynced(ann, "phone");
          ParleySocket b = client.connectSynced(ben, "phone")) {
        a.request(JsonTrees.obj("op", "watch", "user_ids", List.of(ben.userId())));
        a.await(Frames.op("presence"));
        for (int i = 0; i < 10; i++) {
          b.await(Frames.message(id, a.text(id, "message " + i).path("seq").asLong()));
        }
      }
      client.log(ann, id);
      client.get("/v1/users/nobody", ann.accessToken());
      client.connectSynced(ben, "phone").close();
    }
  }

  private static String configuration() {
    String target =
        """
          - job_name: %s
            scheme: %s
            tls_config: {insecure_skip_verify: true}
            static_configs:
              - targets: ["%s"]
                labels: {namespace: %s}
            relabel_configs:
              - {target_label: job, replacement: parley}
        """;
    return """
    global: {scrape_interval: 1s, evaluation_interval: 1s}
    rule_files: [rules.yaml]
    scrape_configs:
    """
        + target.formatted("embedded", "http", embedded.management(), "embedded")
        + target.formatted("dynamodb", "https", dynamodb.management(), "dynamodb");
  }
}
