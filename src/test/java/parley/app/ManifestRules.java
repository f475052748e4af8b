package parley.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.ConfigFactory;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import parley.settings.Settings;
import parley.settings.SettingsException;

/**
 * The rules by which the manifests must agree with each other and with the program. {@link
 * TrafficRules} has the rules for the traffic to the pods, {@link ComponentRules} those for what an
 * overlay may add.
 */
final class ManifestRules {
  private static final List<String> FOLDERS =
      List.of(
          KubernetesManifests.BASE,
          KubernetesManifests.INGRESS,
          KubernetesManifests.COLD,
          KubernetesManifests.TRACES,
          KubernetesManifests.LOCAL);

  /** What a kustomization may say; DashboardsTest looks at what is generated. */
  private static final Set<String> KUSTOMIZATION_FIELDS =
      Set.of(
          "apiVersion",
          "kind",
          "namespace",
          "resources",
          "patches",
          "images",
          "replacements",
          "generatorOptions",
          "configMapGenerator");

  /** The margin above the limit of a stop. */
  private static final int SLACK_SECONDS = 10;

  private final KubernetesManifests kubernetesManifests;
  private final NodePods nodePods;
  private final ManifestFindings findings;
  private final StatefulSet nodes;
  private final PodSpec pod;
  private final Container container;

  private ManifestRules(
      KubernetesManifests kubernetesManifests, NodePods nodePods, ManifestFindings findings) {
    this.kubernetesManifests = kubernetesManifests;
    this.nodePods = nodePods;
    this.findings = findings;
    this.nodes = nodePods.nodes;
    this.pod = nodePods.pod;
    this.container = nodePods.container;
  }

  /** Everything that is wrong; empty if nothing is. */
  static List<String> problems(KubernetesManifests kubernetesManifests) {
    List<String> refused = kubernetesManifests.refused();
    if (!refused.isEmpty()) {
      return refused;
    }
    ManifestFindings findings = new ManifestFindings();
    NodePods nodePods = new NodePods(kubernetesManifests, findings);
    ManifestRules rules = new ManifestRules(kubernetesManifests, nodePods, findings);
    TrafficRules traffic = new TrafficRules(kubernetesManifests, nodePods, findings);
    ComponentRules components = new ComponentRules(kubernetesManifests, nodePods, findings);
    try {
      rules.files();
      rules.settings();
      traffic.ports();
      rules.probes();
      rules.grace();
      rules.labels();
      traffic.services();
      rules.rights();
      rules.disruption();
      traffic.network();
      traffic.ingress();
      traffic.monitoring();
      components.autoscaling();
      components.zones();
      components.traces();
      components.families();
      rules.security();
    } catch (SettingsException e) {
      findings.add("settings: " + e.getMessage());
    }
    return findings.all();
  }

  /** Whether the Role allows a call, as the API server decides it. */
  static boolean allows(KubernetesManifests kubernetesManifests, FakeKubernetes.Call call) {
    return kubernetesManifests.one(KubernetesManifests.BASE, Role.class).getRules().stream()
        .anyMatch(rule -> allows(rule, call));
  }

  private static boolean allows(PolicyRule rule, FakeKubernetes.Call call) {
    List<String> names = rule.getResourceNames();
    return rule.getApiGroups().contains(call.group())
        && rule.getResources().contains(call.resource())
        && rule.getVerbs().contains(call.verb())
        && (names.isEmpty() || names.contains(call.name()));
  }

  private void files() {
    for (String folder : KubernetesManifests.ALL) {
      JsonNode kustomization = kubernetesManifests.kustomization(folder);
      Set<String> listed = new TreeSet<>(Set.of(KubernetesManifests.KUSTOMIZATION));
      kustomization.path("resources").forEach(name -> listed.add(name.asText()));
      kustomization.path("patches").forEach(patch -> listed.add(patch.path("path").asText()));
      listed.remove("../../base");
      findings.expect(
          listed.equals(new TreeSet<>(kubernetesManifests.names(folder))),
          folder + ": the kustomization lists " + listed);
      kustomization
          .fieldNames()
          .forEachRemaining(
              name ->
                  findings.expect(
                      KUSTOMIZATION_FIELDS.contains(name),
                      folder + ": the kustomization says " + name));
    }
  }

  private void settings() throws SettingsException {
    for (String overlay : FOLDERS) {
      Map<String, String> all = nodePods.environment(overlay);
      Settings read = Settings.from(all);
      findings.expect(read.unknown().isEmpty(), overlay + ": no settings: " + read.unknown());
      findings.expect(
          read.cluster().kind() == Settings.ClusterKind.KUBERNETES
              && read.store().kind() == Settings.StoreKind.DYNAMODB
              && !read.managementWrite(),
          overlay + ": cluster, store or management");
      findings.expect(
          all.keySet().stream()
              .allMatch(
                  name ->
                      name.startsWith("PARLEY_")
                          || name.startsWith("AWS_")
                          || name.equals("JDK_JAVA_OPTIONS")),
          overlay + ": whose are " + all.keySet());
    }
    findings.expect(
        nodePods.environment(KubernetesManifests.BASE).containsKey("PARLEY_REMOTE_HOST"),
        "PARLEY_REMOTE_HOST");
    Settings.Cluster cluster =
        Settings.from(nodePods.environment(KubernetesManifests.BASE)).cluster();
    findings.expect(cluster.tls().on(), "nodes of the base know each other by certificates");
    findings.expect(
        cluster.shards() != null && cluster.shards() == ShardCount.DEFAULT_COUNT,
        "PARLEY_SHARDS is not the standard");
    findings.expect(
        pod.getVolumes().stream()
                .anyMatch(
                    volume ->
                        volume.getName().equals("node-tls")
                            && volume.getSecret().getSecretName().equals("parley-node-tls"))
            && container.getVolumeMounts().stream()
                .anyMatch(
                    mount ->
                        mount.getName().equals("node-tls")
                            && mount.getSubPath() == null
                            && mount.getMountPath().equals("/etc/parley/node-tls")),
        "the Secret parley-node-tls is not mounted as a folder");
    findings.expect(
        Boolean.FALSE.equals(pod.getEnableServiceLinks()),
        "enableServiceLinks: the Service parley would set PARLEY_PORT");
    Settings.Pods pods =
        Settings.from(nodePods.environment(KubernetesManifests.BASE)).cluster().pods();
    int replicas = nodes.getSpec().getReplicas();
    findings.expect(
        pods.required() > replicas / 2 && pods.required() <= replicas,
        "PARLEY_KUBERNETES_REQUIRED_CONTACT_POINTS and replicas");
    findings.expect(
        pods.statefulSet().equals(nodes.getMetadata().getName()),
        "PARLEY_KUBERNETES_STATEFULSET is not the StatefulSet");
    for (String label : pods.selector().split(",", -1)) {
      String[] pair = label.split("=", 2);
      findings.expect(
          pair.length == 2 && pair[1].equals(nodePods.labels.get(pair[0])),
          "PARLEY_KUBERNETES_SELECTOR does not select the pods: " + label);
    }
    findings.expect(
        container
            .getName()
            .equals(nodePods.program().getString("pekko.discovery.kubernetes-api.container-name")),
        "the container's name");
  }

  /** The paths that probes request of a running node. */
  static Set<String> paths(KubernetesManifests kubernetesManifests) {
    StatefulSet nodes = kubernetesManifests.one(KubernetesManifests.BASE, StatefulSet.class);
    Container container = nodes.getSpec().getTemplate().getSpec().getContainers().getFirst();
    Set<String> paths = new TreeSet<>();
    for (Probe probe :
        List.of(
            container.getStartupProbe(),
            container.getReadinessProbe(),
            container.getLivenessProbe())) {
      paths.add(probe.getHttpGet().getPath());
    }
    paths.add(
        nodes
            .getSpec()
            .getTemplate()
            .getMetadata()
            .getAnnotations()
            .getOrDefault("prometheus.io/path", "none"));
    return paths;
  }

  private void probes() {
    Probe alive = container.getLivenessProbe();
    Probe ready = container.getReadinessProbe();
    Probe started = container.getStartupProbe();
    for (Probe probe : List.of(alive, ready, started)) {
      findings.expect(
          "management".equals(probe.getHttpGet().getPort().getStrVal()), "a probe's port");
    }
    // During a drain, or with a slow store, a node is not ready but alive.
    findings.expect(alive.getHttpGet().getPath().equals("/alive"), "liveness asks /alive");
    findings.expect(ready.getHttpGet().getPath().equals("/ready"), "readiness asks /ready");
    // Kubernetes does not restart a node that waits for the others.
    findings.expect(started.getHttpGet().getPath().equals("/alive"), "startup asks /alive");
    findings.expect(
        alive.getPeriodSeconds() * alive.getFailureThreshold() >= 60, "liveness is impatient");
    findings.expect(
        ready.getPeriodSeconds() * ready.getFailureThreshold() <= 15, "readiness is slow");
    findings.expect(
        started.getPeriodSeconds() * started.getFailureThreshold() >= 300, "startup is impatient");
  }

  private void grace() throws SettingsException {
    for (String overlay : List.of(KubernetesManifests.BASE, KubernetesManifests.LOCAL)) {
      Settings read = Settings.from(nodePods.environment(overlay));
      long longest = StopWatchdog.limit(NodeConfig.of(read, ConfigFactory.empty())).toSeconds();
      StatefulSet set = kubernetesManifests.one(overlay, StatefulSet.class);
      Long grace = set.getSpec().getTemplate().getSpec().getTerminationGracePeriodSeconds();
      findings.expect(longest > read.drain().toSeconds(), "phases were not found");
      Probe ready = pod.getContainers().getFirst().getReadinessProbe();
      findings.expect(
          read.unready().toSeconds()
              > (long) ready.getPeriodSeconds() * ready.getFailureThreshold(),
          overlay + ": PARLEY_UNREADY_SECONDS is over before the readiness probe has failed");
      findings.expect(
          grace != null && grace >= longest + SLACK_SECONDS,
          overlay + ": terminationGracePeriodSeconds " + grace + " for " + longest);
    }
  }

  private void labels() {
    List<LabelSelector> selectors = new ArrayList<>();
    selectors.add(nodes.getSpec().getSelector());
    selectors.add(
        kubernetesManifests
            .one(KubernetesManifests.BASE, PodDisruptionBudget.class)
            .getSpec()
            .getSelector());
    selectors.add(
        kubernetesManifests
            .one(KubernetesManifests.BASE, NetworkPolicy.class)
            .getSpec()
            .getPodSelector());
    pod.getAffinity()
        .getPodAntiAffinity()
        .getRequiredDuringSchedulingIgnoredDuringExecution()
        .forEach(term -> selectors.add(term.getLabelSelector()));
    pod.getTopologySpreadConstraints()
        .forEach(constraint -> selectors.add(constraint.getLabelSelector()));
    for (LabelSelector selector : selectors) {
      findings.expect(
          nodePods.isOurs(selector),
          "a selector does not match the pods: " + selector.getMatchLabels());
    }
    findings.expect(selectors.size() == 5, "affinity on hosts and zones");
  }

  private void rights() throws SettingsException {
    String lease =
        nodePods
            .program()
            .getString("pekko.cluster.split-brain-resolver.lease-majority.lease-name");
    String group = "coordination.k8s.io";
    for (FakeKubernetes.Call needed :
        List.of(
            new FakeKubernetes.Call("list", "", "pods", "", 0),
            new FakeKubernetes.Call(
                "get", "apps", "statefulsets", nodes.getMetadata().getName(), 0),
            new FakeKubernetes.Call("get", group, "leases", lease, 0),
            new FakeKubernetes.Call("update", group, "leases", lease, 0),
            new FakeKubernetes.Call("create", group, "leases", "", 0))) {
      findings.expect(allows(kubernetesManifests, needed), "the Role lacks " + needed);
    }
    for (PolicyRule rule :
        kubernetesManifests.one(KubernetesManifests.BASE, Role.class).getRules()) {
      findings.expect(
          Set.of("pods", "leases", "statefulsets").containsAll(rule.getResources())
              && Set.of("get", "list", "watch", "create", "update").containsAll(rule.getVerbs())
              && (!rule.getResources().contains("pods")
                  || Set.of("get", "list", "watch").containsAll(rule.getVerbs()))
              && (!rule.getResources().contains("statefulsets")
                  || rule.getVerbs().equals(List.of("get"))),
          "the Role allows too much: " + rule.getResources() + " " + rule.getVerbs());
    }
    RoleBinding binding = kubernetesManifests.one(KubernetesManifests.BASE, RoleBinding.class);
    String account =
        kubernetesManifests
            .one(KubernetesManifests.BASE, ServiceAccount.class)
            .getMetadata()
            .getName();
    findings.expect(
        account.equals(pod.getServiceAccountName())
            && account.equals(binding.getSubjects().getFirst().getName())
            && binding
                .getRoleRef()
                .getName()
                .equals(
                    kubernetesManifests
                        .one(KubernetesManifests.BASE, Role.class)
                        .getMetadata()
                        .getName()),
        "role, binding, account and pods");
  }

  private void disruption() {
    int replicas = nodes.getSpec().getReplicas();
    Integer gone =
        kubernetesManifests
            .one(KubernetesManifests.BASE, PodDisruptionBudget.class)
            .getSpec()
            .getMaxUnavailable()
            .getIntVal();
    findings.expect(
        gone != null && gone >= 1 && replicas - gone > replicas / 2,
        "the PodDisruptionBudget does not leave a majority");
    findings.expect(
        nodes.getSpec().getPodManagementPolicy().equals("Parallel"),
        "nodes that wait for each other must start together");
  }

  private void security() {
    var podContext = pod.getSecurityContext();
    findings.expect(
        Boolean.TRUE.equals(podContext.getRunAsNonRoot())
            && podContext.getRunAsUser() > 0
            && podContext.getSeccompProfile().getType().equals("RuntimeDefault"),
        "the pod's security context");
    var context = container.getSecurityContext();
    findings.expect(
        Boolean.FALSE.equals(context.getAllowPrivilegeEscalation())
            && Boolean.TRUE.equals(context.getReadOnlyRootFilesystem())
            && context.getCapabilities().getDrop().equals(List.of("ALL")),
        "the container's security context");
    String data = nodePods.environment.getOrDefault("PARLEY_DATA_DIR", "./data");
    findings.expect(
        container.getVolumeMounts().stream()
            .filter(mount -> !Boolean.TRUE.equals(mount.getReadOnly()))
            .anyMatch(mount -> data.startsWith(mount.getMountPath() + "/")),
        "PARLEY_DATA_DIR cannot be written");
    Set<String> volumes = new TreeSet<>();
    pod.getVolumes().forEach(volume -> volumes.add(volume.getName()));
    container
        .getVolumeMounts()
        .forEach(
            mount -> findings.expect(volumes.contains(mount.getName()), "no volume for a mount"));
    findings.expect(
        container.getResources().getLimits().containsKey("memory")
            && container.getResources().getRequests().containsKey("cpu"),
        "resources");
  }
}
