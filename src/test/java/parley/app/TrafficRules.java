package parley.app;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressServiceBackend;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyIngressRule;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import io.fabric8.openshift.api.model.monitoring.v1.Endpoint;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import parley.settings.Settings;
import parley.settings.SettingsException;

/**
 * The rules by which the manifests agree about ports, Services, the NetworkPolicy and the ingress.
 */
final class TrafficRules {
  /** After how long without a frame the server ends a connection; protocol, section 4. */
  private static final int IDLE_SECONDS = 60;

  private final KubernetesManifests kubernetesManifests;
  private final NodePods nodePods;
  private final ManifestFindings findings;
  private final StatefulSet nodes;

  TrafficRules(
      KubernetesManifests kubernetesManifests, NodePods nodePods, ManifestFindings findings) {
    this.kubernetesManifests = kubernetesManifests;
    this.nodePods = nodePods;
    this.findings = findings;
    this.nodes = nodePods.nodes;
  }

  void ports() throws SettingsException {
    Settings read = Settings.from(nodePods.environment(KubernetesManifests.BASE));
    findings.expect(nodePods.port("http") == read.listen().port(), "port http is not PARLEY_PORT");
    findings.expect(
        nodePods.port("remote") == read.cluster().remote().port(),
        "port remote is not PARLEY_REMOTE_PORT");
    String asked =
        nodePods
            .program()
            .getString("pekko.management.cluster.bootstrap.contact-point-discovery.port-name");
    findings.expect(
        nodePods.port(asked) == read.management().port(),
        "port " + asked + " is not PARLEY_MANAGEMENT_PORT");
    Map<String, String> bare = new HashMap<>(nodePods.environment(KubernetesManifests.BASE));
    bare.keySet().removeIf(name -> name.endsWith("_PORT"));
    Settings byDefault = Settings.from(bare);
    findings.expect(
        read.listen().port() == byDefault.listen().port()
            && read.management().port() == byDefault.management().port()
            && read.cluster().remote().port() == byDefault.cluster().remote().port(),
        "ports are not the usual ones");
    findings.expect(
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

  void services() {
    for (Service service : kubernetesManifests.all(KubernetesManifests.BASE, Service.class)) {
      findings.expect(
          nodePods.labels.entrySet().containsAll(service.getSpec().getSelector().entrySet()),
          "a Service selects other pods");
      boolean headless = "None".equals(service.getSpec().getClusterIP());
      if (headless) {
        findings.expect(
            service.getMetadata().getName().equals(nodes.getSpec().getServiceName()),
            "serviceName is not the headless Service");
        findings.expect(
            Boolean.TRUE.equals(service.getSpec().getPublishNotReadyAddresses()),
            "nodes must be found before they are ready");
      } else {
        findings.expect(
            "None".equals(service.getSpec().getSessionAffinity()), "clients must not stick");
      }
      Set<String> targets = new TreeSet<>();
      for (ServicePort port : service.getSpec().getPorts()) {
        targets.add(port.getTargetPort().getStrVal());
      }
      findings.expect(
          targets.equals(headless ? Set.of("remote", "management") : Set.of("http")),
          service.getMetadata().getName() + " leads to " + targets);
    }
    findings.expect(
        kubernetesManifests.all(KubernetesManifests.BASE, Service.class).stream()
            .anyMatch(s -> s.getMetadata().getName().equals(nodes.getSpec().getServiceName())),
        "serviceName is no Service");
  }

  void network() {
    NetworkPolicy policy = kubernetesManifests.one(KubernetesManifests.BASE, NetworkPolicy.class);
    findings.expect(
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
    findings.expect(
        open.equals(
            Set.of(
                nodePods.port("http") + " anybody",
                nodePods.port("remote") + " nodes",
                nodePods.port("management") + " nodes",
                nodePods.port("management") + " monitoring")),
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
    findings.expect(
        out.equals(
            Set.of(
                "UDP 53",
                "TCP 53",
                "TCP 80",
                "TCP 443",
                "TCP 6443",
                "TCP " + nodePods.port("remote"),
                "TCP " + nodePods.port("management"))),
        "the NetworkPolicy lets out " + out);
  }

  private String who(NetworkPolicyPeer peer) {
    if (peer.getNamespaceSelector() != null) {
      return peer.getNamespaceSelector()
          .getMatchLabels()
          .getOrDefault("kubernetes.io/metadata.name", "any namespace");
    }
    return peer.getPodSelector() != null && nodePods.isOurs(peer.getPodSelector())
        ? "nodes"
        : "others";
  }

  /** Prometheus finds the management ports, at the path and by the protocol that they serve. */
  void monitoring() throws SettingsException {
    ServiceMonitor monitor =
        kubernetesManifests.one(KubernetesManifests.MONITORING, ServiceMonitor.class);
    Map<String, String> wanted = monitor.getSpec().getSelector().getMatchLabels();
    List<Service> found =
        kubernetesManifests.all(KubernetesManifests.BASE, Service.class).stream()
            .filter(
                service ->
                    service.getMetadata().getLabels().entrySet().containsAll(wanted.entrySet()))
            .toList();
    findings.expect(
        found.size() == 1 && "None".equals(found.getFirst().getSpec().getClusterIP()),
        "the ServiceMonitor does not select the headless Service alone");
    findings.expect(monitor.getSpec().getEndpoints().size() == 1, "the ServiceMonitor's endpoints");
    Endpoint endpoint = monitor.getSpec().getEndpoints().getFirst();
    findings.expect(
        found.stream()
            .flatMap(service -> service.getSpec().getPorts().stream())
            .anyMatch(
                port ->
                    port.getName().equals(endpoint.getPort())
                        && "management".equals(port.getTargetPort().getStrVal())),
        "the ServiceMonitor asks another port than management");
    findings.expect("/metrics".equals(endpoint.getPath()), "the ServiceMonitor's path");
    Settings read = Settings.from(nodePods.environment(KubernetesManifests.BASE));
    findings.expect(
        (read.managementAccess().tls() == null ? "http" : "https").equals(endpoint.getScheme()),
        "the ServiceMonitor's scheme");
    String job = monitor.getSpec().getJobLabel();
    findings.expect(
        found.stream()
            .allMatch(service -> "parley".equals(service.getMetadata().getLabels().get(job))),
        "the job is not called parley, as the alerts expect");
    StatefulSet patch = kubernetesManifests.one(KubernetesManifests.MONITORING, StatefulSet.class);
    findings.expect(
        "false"
            .equals(
                patch
                    .getSpec()
                    .getTemplate()
                    .getMetadata()
                    .getAnnotations()
                    .get("prometheus.io/scrape")),
        "nodes are scraped twice");
  }

  void ingress() {
    Ingress ingress = kubernetesManifests.one(KubernetesManifests.INGRESS, Ingress.class);
    Map<String, String> annotations = ingress.getMetadata().getAnnotations();
    for (String side : List.of("read", "send")) {
      String seconds =
          annotations.getOrDefault("nginx.ingress.kubernetes.io/proxy-" + side + "-timeout", "0");
      findings.expect(
          Integer.parseInt(seconds) > IDLE_SECONDS, "the ingress ends a silent connection first");
    }
    findings.expect(
        annotations.keySet().stream().noneMatch(name -> name.contains("affinity")),
        "clients must not stick");
    Stream<IngressServiceBackend> backends =
        ingress.getSpec().getRules().stream()
            .flatMap(rule -> rule.getHttp().getPaths().stream())
            .map(path -> path.getBackend().getService());
    backends.forEach(
        backend ->
            findings.expect(
                kubernetesManifests.all(KubernetesManifests.BASE, Service.class).stream()
                    .filter(service -> service.getMetadata().getName().equals(backend.getName()))
                    .flatMap(service -> service.getSpec().getPorts().stream())
                    .anyMatch(
                        port ->
                            port.getName().equals(backend.getPort().getName())
                                && "http".equals(port.getTargetPort().getStrVal())),
                "the ingress leads nowhere"));
  }
}
