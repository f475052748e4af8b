package parley.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TelemetryTest {
  @Test
  void countsAndTimesAreInTheScrape() {
    try (Telemetry telemetry = new Telemetry()) {
      telemetry.socketOpened();
      telemetry.socketOpened();
      telemetry.socketClosed();
      telemetry.closing("idle");
      telemetry.accepted("text");
      telemetry.duplicate();
      telemetry.refused("rate_limited");
      telemetry.sent(3_000_000, null);
      telemetry.delivered(-1, null);
      telemetry.persisted("conversation", 1_500_000);
      telemetry.gauge("parley.test.queue", () -> 7);
      telemetry.counter("parley.test.served", () -> 9);

      assertThat(telemetry.scrape())
          .contains("parley_sockets 1.0")
          .contains("parley_sockets_closed_total{code=\"idle\"} 1.0")
          .contains("parley_messages_accepted_total{type=\"text\"} 1.0")
          .contains("parley_messages_duplicate_total 1.0")
          .contains("parley_refusals_total{code=\"rate_limited\"} 1.0")
          .contains("parley_send_latency_seconds_bucket{path=\"socket\",le=\"0.005\"} 1")
          .contains("parley_delivery_latency_seconds_count{path=\"socket\"} 1")
          .contains("parley_persist_time_seconds_count{entity=\"conversation\"} 1")
          .contains("parley_test_queue 7.0")
          .contains("parley_test_served_total 9.0")
          .contains("jvm_memory_used_bytes")
          .contains("process_uptime_seconds");
    }
  }

  @Test
  void theTimeOfATracedMessageNamesItsTrace() {
    String trace = "0af7651916cd43dd8448eb211c80319c";
    try (Telemetry telemetry = new Telemetry()) {
      telemetry.sent(3_000_000, "00-" + trace + "-b7ad6b7169203331-01");
      telemetry.delivered(3_000_000, null);

      assertThat(telemetry.scrapeOpenMetrics().lines().filter(line -> line.contains("trace_id")))
          .isNotEmpty()
          .allMatch(line -> line.startsWith("parley_send_latency_seconds"))
          .allMatch(line -> line.contains("trace_id=\"" + trace + "\""))
          .anyMatch(line -> line.contains("le=\"0.005\"} 1 # {span_id=\"b7ad6b7169203331\""));
      assertThat(telemetry.scrape()).doesNotContain("trace_id");
    }
  }

  @Test
  void aLabelNeverGrowsWithItsInput() {
    try (Telemetry telemetry = new Telemetry()) {
      telemetry.refused("a \"hostile\" value\n");
      for (int i = 0; i < 10_000; i++) {
        telemetry.refused(
            "code_" + Integer.toString(i, 26).replaceAll("[0-9]", "z") + "x".repeat(i % 7));
      }
      assertThat(telemetry.scrape().lines().filter(l -> l.startsWith("parley_refusals_total")))
          .hasSizeLessThanOrEqualTo(Telemetry.LABEL_VALUES + 1)
          .anyMatch(line -> line.contains("code=\"other\""));
    }
  }
}
