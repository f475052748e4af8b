package parley.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.client.Frames;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.TestAccount;
import parley.settings.Settings;

/** The meters of a node are those of {@code docs/metrics.md}: all of them, from the start. */
@Timeout(120)
class NodeMetersTest {
  private static final Pattern SAMPLE = Pattern.compile("(parley_[a-z_]+)(?:\\{(.*)})? (\\S+)");
  private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"([^\"]*)\"");
  private static final Pattern ROW =
      Pattern.compile("\\| `(parley_[a-z_]+)` \\| (\\w+) \\|([^|]*)\\|[^|]*\\|[^|]*\\|");
  private static final Pattern CODE = Pattern.compile("`([a-z_]+)`");
  private static final List<String> HISTOGRAM = List.of("_count", "_sum", "_max", "_bucket");

  /** Only with a store that is not the default. */
  private static final Pattern ELSEWHERE = Pattern.compile("parley_(dynamodb|store|pool)_.*");

  /** Counters that a start moves: a node writes, and shards begin. */
  private static final Pattern MOVED_BY_START =
      Pattern.compile("parley_(shards_moved|journal|event|recovery|mailbox|log_suppressed).*");

  @TempDir Path temporary;

  @Test
  void everySeriesIsThereFromTheStart() throws Exception {
    try (Node node = QuickNode.start(settings())) {
      // Some meters belong to actors, which start beside the node.
      await()
          .untilAsserted(
              () ->
                  assertThat(labelsByName(samples(node).keySet()))
                      .containsExactlyInAnyOrderEntriesOf(documented()));
      samples(node)
          .forEach(
              (series, value) -> {
                boolean counts = series.matches("\\w+_(total|count|sum|bucket)\\b.*");
                if (counts && !MOVED_BY_START.matcher(series).matches()) {
                  assertThat(value).as(series).isZero();
                }
              });
    }
  }

  /** So no label holds anything of a user, and no first increment is hidden from a rate. */
  @Test
  void useAddsNoSeries() throws Exception {
    try (Node node = QuickNode.start(settings());
        ParleyClient client = new ParleyClient(URI.create("http://" + node.listening()))) {
      await().until(() -> labelsByName(samples(node).keySet()).equals(documented()));
      Set<String> before = samples(node).keySet();
      TestAccount ann = client.register("ann");
      TestAccount ben = client.register("ben");
      try (ParleySocket a = client.connectSynced(ann, "phone");
          ParleySocket b = client.connectSynced(ben, "phone")) {
        String id = client.direct(ann, ben.userId());
        long seq = a.text(id, "counted").path("seq").asLong();
        b.await(Frames.message(id, seq));
        client.get("/v1/users/" + ben.userId(), ann.accessToken()).expect(200);
        client.get("/v1/users/nobody", ann.accessToken());
        client.log(ben, id);
        client.get("/v1/x/" + ben.userId(), ann.accessToken());
        client.get("/" + ben.userId(), null);
      }
      client.connectSynced(ben, "phone").close();
      await()
          .untilAsserted(
              () -> {
                Map<String, Double> now = samples(node);
                assertThat(now.get("parley_delivery_latency_seconds_count{path=\"socket\"}"))
                    .isPositive();
                assertThat(now.get("parley_sockets_opened_total")).isEqualTo(3);
                assertThat(now.get("parley_sockets_reconnects_total")).isEqualTo(1);
                assertThat(now.get("parley_sockets_closed_total{code=\"client\"}")).isEqualTo(3);
                assertThat(
                        now.get(
                            "parley_http_requests_total{route=\"GET /v1/users/{user_id}\","
                                + "status=\"2xx\"}"))
                    .isEqualTo(1);
                assertThat(now.get("parley_connections_limit{port=\"client\"}")).isPositive();
                assertThat(now.get("parley_connections_limit{port=\"management\"}")).isEqualTo(100);
                assertThat(now.get("parley_disk_free_bytes"))
                    .isPositive()
                    .isLessThanOrEqualTo(now.get("parley_disk_size_bytes"));
                assertThat(now.get("parley_journal_write_time_seconds_count{entity=\"user\"}"))
                    .isPositive();
                assertThat(now.get("parley_event_bytes_count{entity=\"conversation\"}"))
                    .isPositive();
                assertThat(now.get("parley_user_flush_rows_count")).isPositive();
                assertThat(now.get("parley_group_commit_entries_sum")).isEqualTo(1);
                assertThat(now.get("parley_history_reads_total{tier=\"memory\"}")).isPositive();
                assertThat(now.get("parley_cache_entries{cache=\"tokens\"}")).isEqualTo(2);
                assertThat(now.get("parley_recovery_time_seconds_count{entity=\"user\"}"))
                    .isPositive();
                assertThat(now.get("parley_mailbox_delay_seconds_count{dispatcher=\"default\"}"))
                    .isPositive();
              });
      assertThat(samples(node).keySet()).isEqualTo(before);
    }
  }

  @Test
  void theBudgetsOfThePageOfLimitsAreExpected() throws IOException {
    Set<String> named = new TreeSet<>();
    Matcher limits =
        Pattern.compile("parley_limited_total\\{limit=\"(\\w+)\"}").matcher(page("limits"));
    while (limits.find()) {
      named.add(limits.group(1));
    }
    assertThat(NodeMeters.LIMITS).containsExactlyElementsOf(named);
  }

  @Test
  void theTimeOfABuildIsInItsVersion() {
    assertThat(NodeMeters.builtAt("0.1.0-20260131-101530")).isEqualTo(1_769_854_530);
    assertThat(NodeMeters.builtAt("0.0.0")).isZero();
    assertThat(NodeMeters.builtAt("0.1.0-x")).isZero();
  }

  /** The series with their values. */
  private static Map<String, Double> samples(Node node) {
    Map<String, Double> all = new TreeMap<>();
    for (String line : node.telemetry().scrape().lines().toList()) {
      Matcher sample = SAMPLE.matcher(line);
      if (sample.matches()) {
        String series = line.substring(0, line.lastIndexOf(' '));
        all.put(series, Double.parseDouble(sample.group(3).replace("+Inf", "Infinity")));
      }
    }
    return all;
  }

  /** The names of labels by the name of the sample; those of all series of it are the same. */
  private static Map<String, Set<String>> labelsByName(Set<String> series) {
    Map<String, Set<String>> all = new TreeMap<>();
    for (String one : series) {
      Matcher sample = SAMPLE.matcher(one + " 0");
      assertThat(sample.matches()).as(one).isTrue();
      Set<String> labels = new TreeSet<>();
      Matcher label = LABEL.matcher(Objects.requireNonNullElse(sample.group(2), ""));
      while (label.find()) {
        labels.add(label.group(1));
      }
      labels.remove("le");
      if (ELSEWHERE.matcher(sample.group(1)).matches()) {
        continue; // A test before this one has used such a store in this process.
      }
      assertThat(all.merge(sample.group(1), labels, (a, b) -> a)).as(one).isEqualTo(labels);
    }
    return all;
  }

  private static Map<String, Set<String>> documented() throws IOException {
    Map<String, Set<String>> all = new TreeMap<>();
    for (String line : page("metrics").lines().filter(l -> l.startsWith("| `")).toList()) {
      Matcher row = ROW.matcher(line);
      assertThat(row.matches()).as(line).isTrue();
      Set<String> labels = new TreeSet<>();
      Matcher label = CODE.matcher(row.group(3));
      while (label.find()) {
        labels.add(label.group(1));
      }
      String name = row.group(1);
      if (ELSEWHERE.matcher(name).matches()) {
        continue;
      }
      switch (row.group(2)) {
        case "counter", "gauge" -> all.put(name, labels);
        case "timer", "summary" -> HISTOGRAM.forEach(part -> all.put(name + part, labels));
        default -> throw new AssertionError(line);
      }
    }
    return all;
  }

  private static String page(String name) throws IOException {
    try (InputStream in = NodeMetersTest.class.getResourceAsStream("/docs/" + name + ".md")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private Settings settings() throws Exception {
    return Settings.from(
        Map.of(
            "PARLEY_PORT", "0",
            "PARLEY_MANAGEMENT_PORT", "0",
            "PARLEY_DRAIN_SECONDS", "0",
            "PARLEY_DATA_DIR", temporary.toString()));
  }
}
