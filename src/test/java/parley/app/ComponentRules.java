package parley.app;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HPAScalingRules;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricSpec;
import io.fabric8.kubernetes.api.model.networking.v1.IPBlock;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.math.BigDecimal;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import parley.settings.ConnectionCapacity;

/** The rules for what an overlay may add: autoscaling, strict zones, traces, both IP families. */
final class ComponentRules {
  /** The alert ParleyConnectionsNearLimit. */
  private static final double CONNECTIONS_ALERT = 0.8;

  private static final Pattern HEAP = Pattern.compile("-XX:MaxRAMPercentage=(\\d+)");

  private final KubernetesManifests kubernetesManifests;
  private final NodePods nodePods;
  private final ManifestFindings findings;
  private final StatefulSet nodes;

  ComponentRules(
      KubernetesManifests kubernetesManifests, NodePods nodePods, ManifestFindings findings) {
    this.kubernetesManifests = kubernetesManifests;
    this.nodePods = nodePods;
    this.findings = findings;
    this.nodes = nodePods.nodes;
  }

  /**
   * The autoscaler keeps a majority, leaves room for a lost node, and is slow to take nodes away.
   */
  void autoscaling() {
    HorizontalPodAutoscaler scaler =
        kubernetesManifests.one(KubernetesManifests.AUTOSCALING, HorizontalPodAutoscaler.class);
    var target = scaler.getSpec().getScaleTargetRef();
    findings.expect(
        target.getKind().equals(nodes.getKind())
            && target.getApiVersion().equals(nodes.getApiVersion())
            && target.getName().equals(nodes.getMetadata().getName()),
        "the autoscaler's target is not the StatefulSet");
    int least = scaler.getSpec().getMinReplicas();
    findings.expect(
        least >= nodes.getSpec().getReplicas() && least < scaler.getSpec().getMaxReplicas(),
        "the autoscaler's minReplicas and maxReplicas");
    Map<String, String> wanted = new TreeMap<>();
    for (MetricSpec metric : scaler.getSpec().getMetrics()) {
      if (metric.getPods() != null) {
        Quantity average = metric.getPods().getTarget().getAverageValue();
        wanted.put(metric.getPods().getMetric().getName(), String.valueOf(average));
      } else {
        int percent = metric.getResource().getTarget().getAverageUtilization();
        wanted.put(metric.getResource().getName(), percent + "%");
      }
    }
    findings.expect(
        wanted
            .keySet()
            .equals(Set.of("cpu", "parley_client_connections", "parley_http_p95_seconds")),
        "the autoscaler's metrics are " + wanted.keySet());
    double connections = number(wanted.get("parley_client_connections"));
    findings.expect(
        connections > 0 && connections * least / (least - 1) <= CONNECTIONS_ALERT * capacity(),
        "the autoscaler's connections leave no room for a lost node: " + connections);
    findings.expect(
        number(wanted.get("parley_http_p95_seconds")) == 0.1, "the autoscaler's p95 is not 100 ms");
    HPAScalingRules down = scaler.getSpec().getBehavior().getScaleDown();
    Integer atOnce =
        kubernetesManifests
            .one(KubernetesManifests.BASE, PodDisruptionBudget.class)
            .getSpec()
            .getMaxUnavailable()
            .getIntVal();
    Long grace = nodes.getSpec().getTemplate().getSpec().getTerminationGracePeriodSeconds();
    findings.expect(
        down.getStabilizationWindowSeconds() >= 900
            && down.getPolicies().stream()
                .allMatch(
                    policy ->
                        policy.getType().equals("Pods")
                            && policy.getValue().equals(atOnce)
                            && policy.getPeriodSeconds() > grace),
        "the autoscaler's scaleDown is faster than a drain");
    StatefulSet patch = kubernetesManifests.one(KubernetesManifests.AUTOSCALING, StatefulSet.class);
    findings.expect(
        patch.getSpec().getReplicas() == null
            && kubernetesManifests
                .document(KubernetesManifests.AUTOSCALING, "StatefulSet")
                .at("/spec")
                .has("replicas"),
        "the autoscaler's replicas are set back by kubectl apply");
  }

  private static double number(@Nullable String quantity) {
    return quantity == null ? 0 : Quantity.getAmountInBytes(new Quantity(quantity)).doubleValue();
  }

  /** The connections of a pod by its heap; descriptors are not the limit in a container. */
  private double capacity() {
    BigDecimal memory =
        Quantity.getAmountInBytes(
            nodePods
                .container
                .getResources()
                .getLimits()
                .getOrDefault("memory", new Quantity("0")));
    Matcher heap = HEAP.matcher(nodePods.environment(KubernetesManifests.BASE).toString());
    double part = heap.find() ? Integer.parseInt(heap.group(1)) / 100.0 : 0;
    return ConnectionCapacity.maxConnections(
        Integer.MAX_VALUE, (long) (memory.doubleValue() * part));
  }

  /** Strictly over three zones: a zone takes a third with it. */
  void zones() {
    StatefulSet patch = kubernetesManifests.one(KubernetesManifests.ZONES, StatefulSet.class);
    List<TopologySpreadConstraint> constraints =
        patch.getSpec().getTemplate().getSpec().getTopologySpreadConstraints();
    TopologySpreadConstraint ofBase =
        nodes.getSpec().getTemplate().getSpec().getTopologySpreadConstraints().getFirst();
    findings.expect(
        ofBase.getWhenUnsatisfiable().equals("ScheduleAnyway"),
        "the base waits for zones that may not be there");
    findings.expect(
        constraints.size() == 1
            && constraints.getFirst().getTopologyKey().equals(ofBase.getTopologyKey())
            && constraints.getFirst().getWhenUnsatisfiable().equals("DoNotSchedule")
            && Integer.valueOf(3).equals(constraints.getFirst().getMinDomains())
            && Integer.valueOf(1).equals(constraints.getFirst().getMaxSkew())
            && nodePods.isOurs(constraints.getFirst().getLabelSelector())
            && patch.getMetadata().getName().equals(nodes.getMetadata().getName()),
        "three zones are not strict");
  }

  /** The policy opens the port of the collector's address, to its namespace. */
  void traces() {
    ConfigMap map = kubernetesManifests.one(KubernetesManifests.TRACES, ConfigMap.class);
    URI collector = URI.create(map.getData().getOrDefault("PARLEY_TRACES_URL", "none"));
    NetworkPolicy policy = kubernetesManifests.one(KubernetesManifests.TRACES, NetworkPolicy.class);
    var rules = policy.getSpec().getEgress();
    findings.expect(
        policy.getSpec().getPolicyTypes().equals(List.of("Egress"))
            && nodePods.isOurs(policy.getSpec().getPodSelector())
            && rules.size() == 1
            && rules.getFirst().getPorts().size() == 1
            && rules.getFirst().getPorts().getFirst().getPort().getIntVal() == collector.getPort()
            && rules.getFirst().getTo().stream()
                .allMatch(
                    to ->
                        to.getNamespaceSelector() != null
                            && String.valueOf(collector.getHost())
                                .endsWith(
                                    "."
                                        + to.getNamespaceSelector()
                                            .getMatchLabels()
                                            .get("kubernetes.io/metadata.name"))),
        "the policy for traces does not lead to the collector " + collector);
  }

  /** Both families of addresses: Services, the listening address, and what nodes may call. */
  void families() {
    for (Service service : kubernetesManifests.all(KubernetesManifests.BASE, Service.class)) {
      findings.expect(
          "PreferDualStack".equals(service.getSpec().getIpFamilyPolicy()),
          service.getMetadata().getName() + " is not dual stack");
    }
    List<IPBlock> blocks =
        kubernetesManifests
            .one(KubernetesManifests.BASE, NetworkPolicy.class)
            .getSpec()
            .getEgress()
            .stream()
            .filter(rule -> rule.getPorts().stream().anyMatch(p -> p.getPort().getIntVal() == 443))
            .flatMap(rule -> rule.getTo().stream())
            .map(peer -> peer.getIpBlock())
            .toList();
    for (String family : List.of("0.0.0.0/0 169.254.169.254/32", "::/0 fd00:ec2::254/128")) {
      String[] pair = family.split(" ", -1);
      findings.expect(
          blocks.stream()
              .anyMatch(
                  block ->
                      block.getCidr().equals(pair[0])
                          && block.getExcept().equals(List.of(pair[1]))),
          "the NetworkPolicy does not let HTTPS out to " + pair[0] + " without " + pair[1]);
    }
  }
}
