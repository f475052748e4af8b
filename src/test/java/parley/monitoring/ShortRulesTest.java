package parley.monitoring;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.monitoring.MonitoringFiles.Alert;
import parley.monitoring.PrometheusPrograms.Result;

/** The shorter rules of the drill are the shipped ones, but for their times. */
class ShortRulesTest {
  @TempDir Path folder;

  @Test
  void durationsAreDividedWithinBounds() {
    assertThat(Map.of("0s", "0s", "1m", "8s", "5m", "15s", "10m", "30s", "30m", "60s", "6h", "60s"))
        .allSatisfy((shipped, here) -> assertThat(ShortRules.duration(shipped)).isEqualTo(here));
  }

  @Test
  void onlyWindowsOfAnExpressionChange() {
    assertThat(ShortRules.expression("sum by (a) (rate(x_total{m=\"5m\"}[5m])) * 60 > 5"))
        .isEqualTo("sum by (a) (rate(x_total{m=\"5m\"}[15s])) * 60 > 5");
    for (Alert alert : MonitoringFiles.alerts()) {
      assertThat(ShortRules.expression(alert.expression()).replaceAll("\\[\\d+s]", "[]"))
          .as(alert.name())
          .isEqualTo(alert.expression().replaceAll("\\[\\d+[smhd]]", "[]"));
    }
  }

  @Test
  void promtoolAcceptsThem() throws Exception {
    Files.writeString(folder.resolve("rules.yaml"), ShortRules.prometheusFile());
    Result result = PrometheusPrograms.promtool(folder, "check", "rules", "rules.yaml");
    assertThat(result.exitCode()).as(result.output()).isZero();
    assertThat(result.output()).contains(MonitoringFiles.alerts().size() + " rules found");
  }
}
