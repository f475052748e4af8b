package parley.app;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.openshift.api.model.monitoring.v1.PrometheusRule;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The folder {@code k8s/}, read as an API server with strict validation reads it: an unknown field
 * is an error.
 */
final class KubernetesManifests {
  static final String BASE = "base";
  static final String INGRESS = "components/ingress";
  static final String COLD = "components/cold-s3";
  static final String AUTOSCALING = "components/autoscaling";
  static final String ZONES = "components/three-zones";
  static final String TRACES = "components/traces";
  static final String MONITORING = "components/monitoring";
  static final String LOCAL = "overlays/local";
  static final String KUSTOMIZATION = "kustomization.yaml";

  /** The folders that are read. */
  static final List<String> ALL =
      List.of(BASE, INGRESS, COLD, AUTOSCALING, ZONES, TRACES, MONITORING, LOCAL);

  private static final ObjectMapper YAML =
      new ObjectMapper(
          new YAMLFactory().configure(JsonParser.Feature.STRICT_DUPLICATE_DETECTION, true));

  /** The model keeps unknown fields in a map of its own; this mapper refuses them. */
  private static final ObjectMapper STRICT =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .annotationIntrospector(
              new JacksonAnnotationIntrospector() {
                @Override
                public Boolean hasAnySetter(Annotated annotated) {
                  return false;
                }
              })
          .build();

  private static final List<Class<? extends HasMetadata>> KINDS =
      List.of(
          Namespace.class,
          ServiceAccount.class,
          Role.class,
          RoleBinding.class,
          ConfigMap.class,
          Service.class,
          StatefulSet.class,
          Deployment.class,
          PodDisruptionBudget.class,
          NetworkPolicy.class,
          Ingress.class,
          HorizontalPodAutoscaler.class,
          ServiceMonitor.class,
          PrometheusRule.class);

  /** Path below {@code k8s/} → its documents. */
  private final Map<String, List<ObjectNode>> files;

  private KubernetesManifests(Map<String, List<ObjectNode>> files) {
    this.files = files;
  }

  /** Reads all YAML of these folders. */
  static KubernetesManifests read(Path k8s) throws IOException {
    Map<String, List<ObjectNode>> files = new TreeMap<>();
    for (String folder : ALL) {
      try (Stream<Path> all = Files.list(k8s.resolve(folder))) {
        for (Path file : all.filter(Files::isRegularFile).toList()) {
          List<ObjectNode> documents = new ArrayList<>();
          try (var values = YAML.readerFor(JsonNode.class).<JsonNode>readValues(file.toFile())) {
            while (values.hasNext()) {
              documents.add((ObjectNode) values.next());
            }
          }
          files.put(folder + "/" + file.getFileName(), documents);
        }
      }
    }
    return new KubernetesManifests(files);
  }

  /** A copy with one document changed, the first of that kind in the file. */
  KubernetesManifests with(String file, String kind, Consumer<ObjectNode> change) {
    Map<String, List<ObjectNode>> copy = new TreeMap<>();
    files.forEach(
        (name, documents) -> copy.put(name, documents.stream().map(ObjectNode::deepCopy).toList()));
    change.accept(
        copy.getOrDefault(file, List.of()).stream()
            .filter(document -> document.path("kind").asText().equals(kind))
            .findFirst()
            .orElseThrow());
    return new KubernetesManifests(copy);
  }

  /** A copy with a file that no kustomization lists. */
  KubernetesManifests withFile(String file) {
    Map<String, List<ObjectNode>> copy = new TreeMap<>(files);
    copy.put(file, List.of());
    return new KubernetesManifests(copy);
  }

  /** Names of the files of a folder. */
  List<String> names(String folder) {
    return files.keySet().stream()
        .filter(name -> name.startsWith(folder + "/"))
        .map(name -> name.substring(folder.length() + 1))
        .toList();
  }

  JsonNode kustomization(String folder) {
    return files.getOrDefault(folder + "/" + KUSTOMIZATION, List.of()).getFirst();
  }

  /** The first document of a kind in a folder, with what the model leaves out. */
  JsonNode document(String folder, String kind) {
    return names(folder).stream()
        .flatMap(name -> files.getOrDefault(folder + "/" + name, List.of()).stream())
        .filter(document -> document.path("kind").asText().equals(kind))
        .findFirst()
        .orElseThrow();
  }

  /** The errors of an API server for all of them; empty if there are none. */
  List<String> refused() {
    List<String> problems = new ArrayList<>();
    files.forEach(
        (file, documents) -> {
          if (!file.endsWith("/" + KUSTOMIZATION)) {
            for (ObjectNode document : documents) {
              try {
                model(document);
              } catch (JsonProcessingException | IllegalArgumentException e) {
                problems.add(file + ": " + e.getMessage());
              }
            }
          }
        });
    return problems;
  }

  /** All objects of a kind in a folder. */
  <T extends HasMetadata> List<T> all(String folder, Class<T> kind) {
    List<T> found = new ArrayList<>();
    for (String name : names(folder)) {
      if (!name.equals(KUSTOMIZATION)) {
        for (ObjectNode document : files.getOrDefault(folder + "/" + name, List.of())) {
          try {
            HasMetadata object = model(document);
            if (kind.isInstance(object)) {
              found.add(kind.cast(object));
            }
          } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(name, e);
          }
        }
      }
    }
    return found;
  }

  /** The object called {@code parley}, or the only one. */
  <T extends HasMetadata> T one(String folder, Class<T> kind) {
    List<T> all = all(folder, kind);
    return all.stream()
        .filter(object -> all.size() == 1 || object.getMetadata().getName().equals("parley"))
        .findFirst()
        .orElseThrow();
  }

  private static HasMetadata model(ObjectNode document) throws JsonProcessingException {
    for (Class<? extends HasMetadata> kind : KINDS) {
      if (HasMetadata.getKind(kind).equals(document.path("kind").asText())
          && HasMetadata.getApiVersion(kind).equals(document.path("apiVersion").asText())) {
        return STRICT.treeToValue(document, kind);
      }
    }
    throw new IllegalArgumentException(
        "unknown kind " + document.path("apiVersion") + " " + document.path("kind"));
  }
}
