package parley.app;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.app.PlantedDisagreement.change;
import static parley.app.PlantedDisagreement.remove;
import static parley.app.PlantedDisagreement.set;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What an overlay may add agrees with the base, and the rules notice where it does not. */
class ComponentManifestsTest {
  private static final String SCALER = "components/autoscaling/autoscaler.yaml";
  private static final String POD = "/spec/template/spec";

  @TestFactory
  Stream<DynamicTest> eachDisagreementIsNoticed() {
    return Stream.of(
        set(SCALER, "HorizontalPodAutoscaler", "/spec", "minReplicas", 2, "minReplicas"),
        set(SCALER, "HorizontalPodAutoscaler", "/spec/scaleTargetRef", "name", "x", "target"),
        set(SCALER, "HorizontalPodAutoscaler", "/spec", "minimum", 2, "minimum"),
        remove(SCALER, "HorizontalPodAutoscaler", "/spec/metrics", 1, "metrics are"),
        set(
            SCALER,
            "HorizontalPodAutoscaler",
            "/spec/metrics/0/pods/target",
            "averageValue",
            "30000",
            "room for a lost node"),
        set(
            SCALER,
            "HorizontalPodAutoscaler",
            "/spec/metrics/2/pods/target",
            "averageValue",
            "100",
            "p95"),
        set(
            SCALER,
            "HorizontalPodAutoscaler",
            "/spec/behavior/scaleDown",
            "stabilizationWindowSeconds",
            60,
            "scaleDown"),
        set(
            SCALER,
            "HorizontalPodAutoscaler",
            "/spec/behavior/scaleDown/policies/0",
            "periodSeconds",
            60,
            "scaleDown"),
        change(
            "components/autoscaling/replicas.yaml",
            "StatefulSet",
            set -> ((ObjectNode) set.at("/spec")).remove("replicas"),
            "set back"),
        set(
            "components/three-zones/spread.yaml",
            "StatefulSet",
            POD + "/topologySpreadConstraints/0",
            "minDomains",
            2,
            "three zones"),
        set(
            "components/traces/configmap.yaml",
            "ConfigMap",
            "/data",
            "PARLEY_TRACES_URL",
            "http://otel-collector.monitoring:4317",
            "policy for traces"),
        set(
            "base/services.yaml",
            "Service",
            "/spec",
            "ipFamilyPolicy",
            "SingleStack",
            "dual stack"),
        remove("base/networkpolicy.yaml", "NetworkPolicy", "/spec/egress/2/to", 1, "::/0"));
  }

  /** prometheus-adapter makes the metrics that the autoscaler asks for. */
  @Test
  void theAdapterHasTheMetricsOfTheAutoscaler() throws IOException {
    YAMLMapper yaml = new YAMLMapper();
    List<String> asked = new ArrayList<>();
    for (JsonNode metric : yaml.readTree(Path.of("k8s", SCALER).toFile()).at("/spec/metrics")) {
      if (metric.has("pods")) {
        asked.add(metric.at("/pods/metric/name").asText());
      }
    }
    List<String> made = new ArrayList<>();
    Path values = Path.of("k8s/prometheus-adapter/values.yaml");
    yaml.readTree(values.toFile())
        .at("/rules/custom")
        .forEach(rule -> made.add(rule.at("/name/as").asText()));
    assertThat(made).isNotEmpty().containsExactlyElementsOf(asked);
  }

  /** The address of the runbooks stands once, and every alert has it until it is replaced. */
  @Test
  void theAddressOfTheRunbooksIsReplacedInEveryAlert() throws IOException {
    Path folder = Path.of("k8s/components/monitoring");
    YAMLMapper yaml = new YAMLMapper();
    String address =
        yaml.readTree(folder.resolve("runbooks.yaml").toFile()).at("/data/url").asText();
    JsonNode replacement =
        yaml.readTree(folder.resolve("kustomization.yaml").toFile()).at("/replacements/0");
    assertThat(replacement.at("/source/name").asText()).isEqualTo("parley-runbooks");
    assertThat(replacement.at("/source/fieldPath").asText()).isEqualTo("data.url");
    assertThat(replacement.at("/targets/0/select/kind").asText()).isEqualTo("PrometheusRule");
    assertThat(replacement.at("/targets/0/fieldPaths/0").asText())
        .isEqualTo("spec.groups.*.rules.*.annotations.runbook_url");
    String delimiter = replacement.at("/targets/0/options/delimiter").asText();
    assertThat(replacement.at("/targets/0/options/index").asInt(-1)).isZero();
    for (JsonNode file :
        yaml.readTree(folder.resolve("kustomization.yaml").toFile()).path("resources")) {
      for (JsonNode group :
          yaml.readTree(folder.resolve(file.asText()).toFile()).at("/spec/groups")) {
        for (JsonNode rule : group.path("rules")) {
          assertThat(rule.at("/annotations/runbook_url").asText()).startsWith(address + delimiter);
        }
      }
    }
  }
}
