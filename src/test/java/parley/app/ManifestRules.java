package parley.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressServiceBackend;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyIngressRule;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import parley.settings.Settings;
import parley.settings.SettingsException;

/** What the manifests must agree on, with each other and with the program. */
final class ManifestRules {
  private static final List<String> FOLDERS =
      List.of(
          KubernetesManifests.BASE,
          KubernetesManifests.INGRESS,
          KubernetesManifests.COLD,
          KubernetesManifests.LOCAL);

  /** Above the limit of a stop. */
  private static final int SLACK_SECONDS = 10;

  /** After how long without a frame the server ends a connection; protocol, section 4. */
  private static final int IDLE_SECONDS = 60;

  private final KubernetesManifests kubernetesManifests;
  private final List<String> problems = new ArrayList<>();
  private final StatefulSet nodes;
  private final PodSpec pod;
  private final Container container;
  private final Map<String, String> labels;
  private final Map<String, String> environment;

  private ManifestRules(KubernetesManifests kubernetesManifests) {
    this.kubernetesManifests = kubernetesManifests;
    this.nodes = kubernetesManifests.one(KubernetesManifests.BASE, StatefulSet.class);
    this.pod = nodes.getSpec().getTemplate().getSpec();
    this.container = pod.getContainers().getFirst();
    this.labels = nodes.getSpec().getTemplate().getMetadata().getLabels();
    this.environment = kubernetesManifests.one(KubernetesManifests.BASE, ConfigMap.class).getData();
  }

  /** Everything that is wrong; empty is good. */
  static List<String> problems(KubernetesManifests kubernetesManifests) {
    List<String> refused = kubernetesManifests.refused();
    if (!refused.isEmpty()) {
      return refused;
    }
    ManifestRules rules = new ManifestRules(kubernetesManifests);
    try {
      rules.files();
      rules.settings();
      rules.ports();
      rules.probes();
      rules.grace();
      rules.labels();
      rules.services();
      rules.rights();
      rules.disruption();
      rules.network();
      rules.ingress();
      rules.security();
    } catch (SettingsException e) {
      rules.problems.add("settings: " + e.getMessage());
    }
    return rules.problems;
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

  private void expect(boolean good, String problem) {
    if (!good) {
      problems.add(problem);
    }
  }

  private void files() {
    for (String folder : FOLDERS) {
      JsonNode kustomization = kubernetesManifests.kustomization(folder);
      Set<String> listed = new TreeSet<>(Set.of(KubernetesManifests.KUSTOMIZATION));
      kustomization.path("resources").forEach(name -> listed.add(name.asText()));
      kustomization.path("patches").forEach(patch -> listed.add(patch.path("path").asText()));
      listed.remove("../../base");
      expect(
          listed.equals(new TreeSet<>(kubernetesManifests.names(folder))),
          folder + ": the kustomization lists " + listed);
      kustomization
          .fieldNames()
          .forEachRemaining(
              name ->
                  expect(
                      Set.of("apiVersion", "kind", "namespace", "resources", "patches", "images")
                          .contains(name),
                      folder + ": the kustomization says " + name));
    }
  }

  /** The environment of a pod of the base, with what an overlay lays over it. */
  private Map<String, String> environment(String overlay) {
    Map<String, String> all = new HashMap<>(environment);
    if (!overlay.equals(KubernetesManifests.BASE)) {
      all.putAll(kubernetesManifests.one(overlay, ConfigMap.class).getData());
    }
    for (EnvVar variable : container.getEnv()) {
      boolean address =
          variable.getValueFrom() != null
              && variable.getValueFrom().getFieldRef().getFieldPath().equals("status.podIP");
      all.put(variable.getName(), address ? "127.0.0.1" : String.valueOf(variable.getValue()));
    }
    for (String name : List.of("CERT", "KEY", "CA")) {
      // What the Secret holds under that name; here any file will do.
      String file = all.remove("PARLEY_NODE_TLS_" + name);
      String expected =
          "/etc/parley/node-tls/"
              + Map.of("CERT", "tls.crt", "KEY", "tls.key", "CA", "ca.crt").get(name);
      expect(expected.equals(file), "PARLEY_NODE_TLS_" + name + " is not " + expected);
      all.put("PARLEY_NODE_TLS_" + name, "pom.xml");
    }
    return all;
  }

  private void settings() throws SettingsException {
    for (String overlay : FOLDERS) {
      Map<String, String> all = environment(overlay);
      Settings read = Settings.from(all);
      expect(read.unknown().isEmpty(), overlay + ": no settings: " + read.unknown());
      expect(
          read.cluster().kind() == Settings.ClusterKind.KUBERNETES
              && read.store().kind() == Settings.StoreKind.DYNAMODB
              && !read.managementWrite(),
          overlay + ": cluster, store or management");
      expect(
          all.keySet().stream()
              .allMatch(
                  name ->
                      name.startsWith("PARLEY_")
                          || name.startsWith("AWS_")
                          || name.equals("JDK_JAVA_OPTIONS")),
          overlay + ": whose are " + all.keySet());
    }
    expect(
        environment(KubernetesManifests.BASE).containsKey("PARLEY_REMOTE_HOST"),
        "PARLEY_REMOTE_HOST");
    Settings.Cluster cluster = Settings.from(environment(KubernetesManifests.BASE)).cluster();
    expect(cluster.tls().on(), "nodes of the base know each other by certificates");
    expect(
        cluster.shards() != null && cluster.shards() == ShardCount.DEFAULT_COUNT,
        "PARLEY_SHARDS is not the standard");
    expect(
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
    expect(
        Boolean.FALSE.equals(pod.getEnableServiceLinks()),
        "enableServiceLinks: the Service parley would set PARLEY_PORT");
    Settings.Pods pods = Settings.from(environment(KubernetesManifests.BASE)).cluster().pods();
    int replicas = nodes.getSpec().getReplicas();
    expect(
        pods.required() > replicas / 2 && pods.required() <= replicas,
        "PARLEY_KUBERNETES_REQUIRED_CONTACT_POINTS and replicas");
    for (String label : pods.selector().split(",", -1)) {
      String[] pair = label.split("=", 2);
      expect(
          pair.length == 2 && pair[1].equals(labels.get(pair[0])),
          "PARLEY_KUBERNETES_SELECTOR does not select the pods: " + label);
    }
    expect(
        container
            .getName()
            .equals(program().getString("pekko.discovery.kubernetes-api.container-name")),
        "the container's name");
  }

  private Config program() throws SettingsException {
    return NodeConfig.of(
        Settings.from(environment(KubernetesManifests.BASE)), ConfigFactory.empty());
  }

  private int port(String name) {
    return container.getPorts().stream()
        .filter(port -> name.equals(port.getName()))
        .mapToInt(port -> port.getContainerPort())
        .findFirst()
        .orElse(-1);
  }

  private void ports() throws SettingsException {
    Settings read = Settings.from(environment(KubernetesManifests.BASE));
    expect(port("http") == read.listen().port(), "port http is not PARLEY_PORT");
    expect(
        port("remote") == read.cluster().remote().port(), "port remote is not PARLEY_REMOTE_PORT");
    String asked =
        program().getString("pekko.management.cluster.bootstrap.contact-point-discovery.port-name");
    expect(
        port(asked) == read.management().port(),
        "port " + asked + " is not PARLEY_MANAGEMENT_PORT");
    Map<String, String> bare = new HashMap<>(environment(KubernetesManifests.BASE));
    bare.keySet().removeIf(name -> name.endsWith("_PORT"));
    Settings byDefault = Settings.from(bare);
    expect(
        read.listen().port() == byDefault.listen().port()
            && read.management().port() == byDefault.management().port()
            && read.cluster().remote().port() == byDefault.cluster().remote().port(),
        "ports are not the usual ones");
    expect(
        String.valueOf(read.management().port())
            .equals(
                nodes
                    .getSpec()
                    .getTemplate()
                    .getMetadata()
                    .getAnnotations()
                    .get("prometheus.io/port")),
        "prometheus.io/port");
  }

  /** Paths that are asked, for a node that runs. */
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
      expect("management".equals(probe.getHttpGet().getPort().getStrVal()), "a probe's port");
    }
    // A drain and a slow store are not ready, and alive.
    expect(alive.getHttpGet().getPath().equals("/alive"), "liveness asks /alive");
    expect(ready.getHttpGet().getPath().equals("/ready"), "readiness asks /ready");
    // A node that waits for the others is not started anew.
    expect(started.getHttpGet().getPath().equals("/alive"), "startup asks /alive");
    expect(alive.getPeriodSeconds() * alive.getFailureThreshold() >= 60, "liveness is impatient");
    expect(ready.getPeriodSeconds() * ready.getFailureThreshold() <= 15, "readiness is slow");
    expect(
        started.getPeriodSeconds() * started.getFailureThreshold() >= 300, "startup is impatient");
  }

  private void grace() throws SettingsException {
    for (String overlay : List.of(KubernetesManifests.BASE, KubernetesManifests.LOCAL)) {
      Settings read = Settings.from(environment(overlay));
      long longest = StopWatchdog.limit(NodeConfig.of(read, ConfigFactory.empty())).toSeconds();
      StatefulSet set = kubernetesManifests.one(overlay, StatefulSet.class);
      Long grace = set.getSpec().getTemplate().getSpec().getTerminationGracePeriodSeconds();
      expect(longest > read.drain().toSeconds(), "phases were not found");
      Probe ready = pod.getContainers().getFirst().getReadinessProbe();
      expect(
          read.unready().toSeconds()
              > (long) ready.getPeriodSeconds() * ready.getFailureThreshold(),
          overlay + ": PARLEY_UNREADY_SECONDS is over before the readiness probe has failed");
      expect(
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
      expect(isOurs(selector), "a selector does not match the pods: " + selector.getMatchLabels());
    }
    expect(selectors.size() == 5, "affinity on hosts and zones");
  }

  private boolean isOurs(LabelSelector selector) {
    return !selector.getMatchLabels().isEmpty()
        && labels.entrySet().containsAll(selector.getMatchLabels().entrySet());
  }

  private void services() {
    for (Service service : kubernetesManifests.all(KubernetesManifests.BASE, Service.class)) {
      expect(
          labels.entrySet().containsAll(service.getSpec().getSelector().entrySet()),
          "a Service selects other pods");
      boolean headless = "None".equals(service.getSpec().getClusterIP());
      if (headless) {
        expect(
            service.getMetadata().getName().equals(nodes.getSpec().getServiceName()),
            "serviceName is not the headless Service");
        expect(
            Boolean.TRUE.equals(service.getSpec().getPublishNotReadyAddresses()),
            "nodes must be found before they are ready");
      } else {
        expect("None".equals(service.getSpec().getSessionAffinity()), "clients must not stick");
      }
      Set<String> targets = new TreeSet<>();
      for (ServicePort port : service.getSpec().getPorts()) {
        targets.add(port.getTargetPort().getStrVal());
      }
      expect(
          targets.equals(headless ? Set.of("remote", "management") : Set.of("http")),
          service.getMetadata().getName() + " leads to " + targets);
    }
    expect(
        kubernetesManifests.all(KubernetesManifests.BASE, Service.class).stream()
            .anyMatch(s -> s.getMetadata().getName().equals(nodes.getSpec().getServiceName())),
        "serviceName is no Service");
  }

  private void rights() throws SettingsException {
    String lease =
        program().getString("pekko.cluster.split-brain-resolver.lease-majority.lease-name");
    String group = "coordination.k8s.io";
    for (FakeKubernetes.Call needed :
        List.of(
            new FakeKubernetes.Call("list", "", "pods", "", 0),
            new FakeKubernetes.Call("get", group, "leases", lease, 0),
            new FakeKubernetes.Call("update", group, "leases", lease, 0),
            new FakeKubernetes.Call("create", group, "leases", "", 0))) {
      expect(allows(kubernetesManifests, needed), "the Role lacks " + needed);
    }
    for (PolicyRule rule :
        kubernetesManifests.one(KubernetesManifests.BASE, Role.class).getRules()) {
      expect(
          Set.of("pods", "leases").containsAll(rule.getResources())
              && Set.of("get", "list", "watch", "create", "update").containsAll(rule.getVerbs())
              && (!rule.getResources().contains("pods")
                  || Set.of("get", "list", "watch").containsAll(rule.getVerbs())),
          "the Role allows too much: " + rule.getResources() + " " + rule.getVerbs());
    }
    RoleBinding binding = kubernetesManifests.one(KubernetesManifests.BASE, RoleBinding.class);
    String account =
        kubernetesManifests
            .one(KubernetesManifests.BASE, ServiceAccount.class)
            .getMetadata()
            .getName();
    expect(
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
    expect(
        gone != null && gone >= 1 && replicas - gone > replicas / 2,
        "the PodDisruptionBudget does not leave a majority");
    expect(
        nodes.getSpec().getPodManagementPolicy().equals("Parallel"),
        "nodes that wait for each other must start together");
  }

  private void network() {
    NetworkPolicy policy = kubernetesManifests.one(KubernetesManifests.BASE, NetworkPolicy.class);
    expect(
        Set.copyOf(policy.getSpec().getPolicyTypes()).equals(Set.of("Ingress", "Egress")),
        "policyTypes");
    Set<String> open = new TreeSet<>();
    for (NetworkPolicyIngressRule rule : policy.getSpec().getIngress()) {
      rule.getPorts()
          .forEach(
              port -> {
                for (String who :
                    rule.getFrom().isEmpty()
                        ? List.of("anybody")
                        : rule.getFrom().stream().map(this::who).toList()) {
                  open.add(port.getPort().getIntVal() + " " + who);
                }
              });
    }
    expect(
        open.equals(
            Set.of(
                port("http") + " anybody",
                port("remote") + " nodes",
                port("management") + " nodes",
                port("management") + " monitoring")),
        "the NetworkPolicy lets in " + open);
    Set<String> out = new TreeSet<>();
    policy
        .getSpec()
        .getEgress()
        .forEach(
            rule ->
                rule.getPorts()
                    .forEach(
                        port -> out.add(port.getProtocol() + " " + port.getPort().getIntVal())));
    expect(
        out.equals(
            Set.of(
                "UDP 53",
                "TCP 53",
                "TCP 80",
                "TCP 443",
                "TCP 6443",
                "TCP " + port("remote"),
                "TCP " + port("management"))),
        "the NetworkPolicy lets out " + out);
  }

  private String who(NetworkPolicyPeer peer) {
    if (peer.getNamespaceSelector() != null) {
      return peer.getNamespaceSelector()
          .getMatchLabels()
          .getOrDefault("kubernetes.io/metadata.name", "any namespace");
    }
    return peer.getPodSelector() != null && isOurs(peer.getPodSelector()) ? "nodes" : "others";
  }

  private void ingress() {
    Ingress ingress = kubernetesManifests.one(KubernetesManifests.INGRESS, Ingress.class);
    Map<String, String> annotations = ingress.getMetadata().getAnnotations();
    for (String side : List.of("read", "send")) {
      String seconds =
          annotations.getOrDefault("nginx.ingress.kubernetes.io/proxy-" + side + "-timeout", "0");
      expect(
          Integer.parseInt(seconds) > IDLE_SECONDS, "the ingress ends a silent connection first");
    }
    expect(
        annotations.keySet().stream().noneMatch(name -> name.contains("affinity")),
        "clients must not stick");
    Stream<IngressServiceBackend> backends =
        ingress.getSpec().getRules().stream()
            .flatMap(rule -> rule.getHttp().getPaths().stream())
            .map(path -> path.getBackend().getService());
    backends.forEach(
        backend ->
            expect(
                kubernetesManifests.all(KubernetesManifests.BASE, Service.class).stream()
                    .filter(service -> service.getMetadata().getName().equals(backend.getName()))
                    .flatMap(service -> service.getSpec().getPorts().stream())
                    .anyMatch(
                        port ->
                            port.getName().equals(backend.getPort().getName())
                                && "http".equals(port.getTargetPort().getStrVal())),
                "the ingress leads nowhere"));
  }

  private void security() {
    var podContext = pod.getSecurityContext();
    expect(
        Boolean.TRUE.equals(podContext.getRunAsNonRoot())
            && podContext.getRunAsUser() > 0
            && podContext.getSeccompProfile().getType().equals("RuntimeDefault"),
        "the pod's security context");
    var context = container.getSecurityContext();
    expect(
        Boolean.FALSE.equals(context.getAllowPrivilegeEscalation())
            && Boolean.TRUE.equals(context.getReadOnlyRootFilesystem())
            && context.getCapabilities().getDrop().equals(List.of("ALL")),
        "the container's security context");
    String data = environment.getOrDefault("PARLEY_DATA_DIR", "./data");
    expect(
        container.getVolumeMounts().stream()
            .filter(mount -> !Boolean.TRUE.equals(mount.getReadOnly()))
            .anyMatch(mount -> data.startsWith(mount.getMountPath() + "/")),
        "PARLEY_DATA_DIR cannot be written");
    Set<String> volumes = new TreeSet<>();
    pod.getVolumes().forEach(volume -> volumes.add(volume.getName()));
    container
        .getVolumeMounts()
        .forEach(mount -> expect(volumes.contains(mount.getName()), "no volume for a mount"));
    expect(
        container.getResources().getLimits().containsKey("memory")
            && container.getResources().getRequests().containsKey("cpu"),
        "resources");
  }
}
