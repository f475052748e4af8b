package parley.app;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import parley.settings.Settings;
import parley.settings.SettingsException;

/** The pods of the nodes, as the manifests of the base and of an overlay describe them. */
final class NodePods {
  private final KubernetesManifests kubernetesManifests;
  private final ManifestFindings findings;
  final StatefulSet nodes;
  final PodSpec pod;
  final Container container;
  final Map<String, String> labels;
  final Map<String, String> environment;

  NodePods(KubernetesManifests kubernetesManifests, ManifestFindings findings) {
    this.kubernetesManifests = kubernetesManifests;
    this.findings = findings;
    this.nodes = kubernetesManifests.one(KubernetesManifests.BASE, StatefulSet.class);
    this.pod = nodes.getSpec().getTemplate().getSpec();
    this.container = pod.getContainers().getFirst();
    this.labels = nodes.getSpec().getTemplate().getMetadata().getLabels();
    this.environment = kubernetesManifests.one(KubernetesManifests.BASE, ConfigMap.class).getData();
  }

  /** The environment of a pod of the base, with the changes of an overlay. */
  Map<String, String> environment(String overlay) {
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
      // The content of the Secret; any file will do here.
      String file = all.remove("PARLEY_NODE_TLS_" + name);
      String expected =
          "/etc/parley/node-tls/"
              + Map.of("CERT", "tls.crt", "KEY", "tls.key", "CA", "ca.crt").get(name);
      findings.expect(expected.equals(file), "PARLEY_NODE_TLS_" + name + " is not " + expected);
      all.put("PARLEY_NODE_TLS_" + name, "pom.xml");
    }
    return all;
  }

  /** The configuration of a node of the base. */
  Config program() throws SettingsException {
    return NodeConfig.of(
        Settings.from(environment(KubernetesManifests.BASE)), ConfigFactory.empty());
  }

  /** The number of a named port; -1 if there is none. */
  int port(String name) {
    return container.getPorts().stream()
        .filter(port -> name.equals(port.getName()))
        .mapToInt(port -> port.getContainerPort())
        .findFirst()
        .orElse(-1);
  }

  /** Whether the selector selects these pods. */
  boolean isOurs(LabelSelector selector) {
    return !selector.getMatchLabels().isEmpty()
        && labels.entrySet().containsAll(selector.getMatchLabels().entrySet());
  }
}
