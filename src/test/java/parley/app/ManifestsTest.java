package parley.app;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.app.PlantedDisagreement.change;
import static parley.app.PlantedDisagreement.manifests;
import static parley.app.PlantedDisagreement.remove;
import static parley.app.PlantedDisagreement.set;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import parley.settings.Settings;

/**
 * The manifests and the image agree with the program, and the rules notice each planted
 * disagreement.
 */
class ManifestsTest {
  private static final String POD = "/spec/template/spec";
  private static final String CONTAINER = POD + "/containers/0";
  private static final String SET = "base/statefulset.yaml";
  private static final String MAP = "base/configmap.yaml";
  private static final String SERVICES = "base/services.yaml";
  private static final String RIGHTS = "base/rbac.yaml";
  private static final String NETWORK = "base/networkpolicy.yaml";
  private static final String DISRUPTION = "base/poddisruptionbudget.yaml";
  private static final String INGRESS = "components/ingress/ingress.yaml";
  private static final String MONITOR = "components/monitoring/servicemonitor.yaml";
  private static final String COLD = "components/cold-s3/configmap.yaml";

  @TempDir Path temporary;

  @Test
  void theManifestsFollowTheRules() {
    assertThat(ManifestRules.problems(manifests())).isEmpty();
  }

  /** If the network of all pods were trusted, each pod could pretend to be any client. */
  @Test
  void theIngressAloneIsTrustedAndSpeaksTls13() throws IOException {
    JsonNode proxies =
        new YAMLMapper()
            .readTree(Path.of("k8s/components/ingress/trusted-proxies.yaml").toFile())
            .at("/data/PARLEY_TRUSTED_PROXIES");
    for (String network : proxies.asText().split(",", -1)) {
      int bits = Integer.parseInt(network.substring(network.indexOf('/') + 1));
      assertThat(bits).as(network).isGreaterThanOrEqualTo(network.contains(":") ? 64 : 24);
    }
    JsonNode controller =
        new YAMLMapper()
            .readTree(Path.of("k8s/ingress-nginx/controller.yaml").toFile())
            .path("data");
    assertThat(controller.path("ssl-protocols").asText()).isEqualTo("TLSv1.3");
    assertThat(controller.path("use-forwarded-headers").asText()).isEqualTo("false");
  }

  @TestFactory
  Stream<DynamicTest> eachDisagreementIsNoticed() {
    return Stream.of(
        set(SET, "StatefulSet", CONTAINER, "readyProbe", "x", "readyProbe"),
        set(SET, "StatefulSet", "/spec", "replicas", "three", "three"),
        set(SET, "StatefulSet", "", "apiVersion", "apps/v1beta1", "unknown kind"),
        set(MAP, "ConfigMap", "/data", "PARLEY_PROT", "1", "no settings: [PARLEY_PROT]"),
        set(MAP, "ConfigMap", "/data", "PARLEY_PORT", "many", "PARLEY_PORT: must be"),
        set(MAP, "ConfigMap", "/data", "PARLEY_PORT", "8081", "port http"),
        set(MAP, "ConfigMap", "/data", "PARLEY_REMOTE_PORT", "25521", "port remote"),
        set(MAP, "ConfigMap", "/data", "PARLEY_MANAGEMENT_PORT", "8559", "port management"),
        set(MAP, "ConfigMap", "/data", "PARLEY_MANAGEMENT_WRITE", "true", "management"),
        set(MAP, "ConfigMap", "/data", "PARLEY_STORE", "embedded", "PARLEY_STORE"),
        set(MAP, "ConfigMap", "/data", "PARLEY_DRAIN_SECONDS", "200", "terminationGrace"),
        set(MAP, "ConfigMap", "/data", "PARLEY_UNREADY_SECONDS", "10", "PARLEY_UNREADY_SECONDS"),
        set(MAP, "ConfigMap", "/data", "PARLEY_UNREADY_SECONDS", "90", "terminationGrace"),
        set(MAP, "ConfigMap", "/data", "PARLEY_DATA_DIR", "/data", "PARLEY_DATA_DIR"),
        set(MAP, "ConfigMap", "/data", "OTHER", "1", "whose are"),
        set(COLD, "ConfigMap", "/data", "PARLEY_S3_BUCKET", "", "PARLEY_S3_BUCKET: must be set"),
        set(COLD, "ConfigMap", "/data", "PARLEY_COLD_STORE", "file", "PARLEY_COLD_STORE: file"),
        set(
            MAP,
            "ConfigMap",
            "/data",
            "PARLEY_KUBERNETES_REQUIRED_CONTACT_POINTS",
            "1",
            "CONTACT_POINTS"),
        set(MAP, "ConfigMap", "/data", "PARLEY_KUBERNETES_SELECTOR", "app=x", "SELECTOR"),
        set(MAP, "ConfigMap", "/data", "PARLEY_KUBERNETES_STATEFULSET", "x", "STATEFULSET"),
        set(SET, "StatefulSet", "/spec", "replicas", 2, "majority"),
        set(SET, "StatefulSet", "/spec", "replicas", 4, "CONTACT_POINTS"),
        set(SET, "StatefulSet", "/spec", "serviceName", "parley", "serviceName"),
        set(SET, "StatefulSet", "/spec", "podManagementPolicy", "OrderedReady", "together"),
        set(SET, "StatefulSet", POD, "terminationGracePeriodSeconds", 150, "terminationGrace"),
        set(SET, "StatefulSet", POD, "enableServiceLinks", true, "enableServiceLinks"),
        set(SET, "StatefulSet", POD, "serviceAccountName", "default", "account"),
        set(SET, "StatefulSet", CONTAINER, "name", "server", "container's name"),
        set(SET, "StatefulSet", CONTAINER + "/env/0", "name", "PARLEY_REMOTE", "no settings"),
        set(SET, "StatefulSet", CONTAINER + "/ports/0", "containerPort", 80, "port http"),
        set(SET, "StatefulSet", CONTAINER + "/ports/2", "name", "admin", "port management"),
        set(
            SET,
            "StatefulSet",
            CONTAINER + "/livenessProbe/httpGet",
            "path",
            "/ready",
            "liveness asks"),
        set(SET, "StatefulSet", CONTAINER + "/livenessProbe", "failureThreshold", 1, "impatient"),
        set(
            SET,
            "StatefulSet",
            CONTAINER + "/readinessProbe/httpGet",
            "port",
            "http",
            "a probe's port"),
        set(SET, "StatefulSet", CONTAINER + "/startupProbe", "failureThreshold", 3, "impatient"),
        set(
            SET,
            "StatefulSet",
            CONTAINER + "/startupProbe/httpGet",
            "path",
            "/ready",
            "startup asks"),
        set(
            SET,
            "StatefulSet",
            CONTAINER + "/securityContext",
            "readOnlyRootFilesystem",
            false,
            "container's security"),
        set(SET, "StatefulSet", POD + "/securityContext", "runAsUser", 0, "pod's security"),
        set(
            SET,
            "StatefulSet",
            "/spec/template/metadata/labels",
            "app.kubernetes.io/name",
            "chat",
            "does not match the pods"),
        set(
            SET,
            "StatefulSet",
            "/spec/template/metadata/annotations",
            "prometheus.io/port",
            "8080",
            "prometheus"),
        set(SERVICES, "Service", "/spec", "publishNotReadyAddresses", false, "before they are"),
        set(SERVICES, "Service", "/spec/selector", "app.kubernetes.io/name", "x", "other pods"),
        set(SERVICES, "Service", "/spec/ports/1", "targetPort", "admin", "leads to"),
        set(SERVICES, "Service", "/metadata", "name", "parley-peers", "serviceName"),
        remove(RIGHTS, "Role", "/rules/0/verbs", 1, "lacks"),
        remove(RIGHTS, "Role", "/rules/3/verbs", 1, "lacks"),
        remove(RIGHTS, "Role", "/rules", 1, "lacks"),
        remove(RIGHTS, "Role", "/rules", 2, "lacks"),
        set(RIGHTS, "Role", "/rules/0", "apiGroups", "x", "apiGroups"),
        change(
            RIGHTS,
            "Role",
            role -> ((ArrayNode) role.at("/rules/0/resources")).add("secrets"),
            "too much"),
        change(
            RIGHTS,
            "Role",
            role -> ((ArrayNode) role.at("/rules/0/verbs")).add("delete"),
            "too much"),
        change(
            RIGHTS,
            "Role",
            role -> ((ArrayNode) role.at("/rules/1/verbs")).add("update"),
            "too much"),
        change(
            RIGHTS,
            "Role",
            role -> ((ArrayNode) role.at("/rules/3/resourceNames")).set(0, "other"),
            "lacks"),
        set(RIGHTS, "RoleBinding", "/subjects/0", "name", "default", "role, binding"),
        set(DISRUPTION, "PodDisruptionBudget", "/spec", "maxUnavailable", 2, "majority"),
        set(NETWORK, "NetworkPolicy", "/spec/ingress/0/ports/0", "port", 25520, "lets in"),
        remove(NETWORK, "NetworkPolicy", "/spec/ingress", 2, "lets in"),
        change(
            NETWORK,
            "NetworkPolicy",
            policy -> ((ObjectNode) policy.at("/spec/ingress/1")).remove("from"),
            "25520 anybody"),
        remove(NETWORK, "NetworkPolicy", "/spec/egress", 1, "lets out"),
        set(
            INGRESS,
            "Ingress",
            "/metadata/annotations",
            "nginx.ingress.kubernetes.io/proxy-read-timeout",
            "60",
            "silent connection"),
        set(
            INGRESS,
            "Ingress",
            "/metadata/annotations",
            "nginx.ingress.kubernetes.io/affinity",
            "cookie",
            "stick"),
        set(
            INGRESS,
            "Ingress",
            "/spec/rules/0/http/paths/0/backend/service",
            "name",
            "x",
            "leads nowhere"),
        set(MONITOR, "ServiceMonitor", "/spec/endpoints/0", "port", "http", "asks another port"),
        set(MONITOR, "ServiceMonitor", "/spec/endpoints/0", "path", "/stats", "path"),
        set(MONITOR, "ServiceMonitor", "/spec/endpoints/0", "scheme", "https", "scheme"),
        set(MONITOR, "ServiceMonitor", "/spec/endpoints/0", "every", "15s", "every"),
        set(MONITOR, "ServiceMonitor", "/spec", "jobLabel", "app", "job is not called"),
        set(
            SERVICES,
            "Service",
            "/metadata/labels",
            "app.kubernetes.io/component",
            "x",
            "headless Service alone"),
        set(
            "components/monitoring/rules-push.yaml",
            "PrometheusRule",
            "/spec/groups/0/rules/0",
            "expression",
            "x",
            "expression"),
        set(
            "components/monitoring/scraped-once.yaml",
            "StatefulSet",
            "/spec/template/metadata/annotations",
            "prometheus.io/scrape",
            "true",
            "scraped twice"),
        remove("base/kustomization.yaml", "Kustomization", "/resources", 0, "base: the kust"),
        set(
            "overlays/local/configmap.yaml",
            "ConfigMap",
            "/data",
            "PARLEY_DYNAMO_ENDPOINT",
            "http://x",
            "overlays/local: no settings"),
        set(
            "overlays/local/statefulset.yaml",
            "StatefulSet",
            POD,
            "terminationGracePeriodSeconds",
            30,
            "overlays/local: termination"));
  }

  @Test
  void aFileNobodyListsIsNoticed() {
    assertThat(ManifestRules.problems(manifests().withFile("base/more.yaml")))
        .anyMatch(problem -> problem.startsWith("base: the kustomization lists"));
  }

  @Test
  void probedPathsExist() throws Exception {
    HttpClient http = HttpClient.newHttpClient();
    Settings settings =
        Settings.from(
            Map.of(
                "PARLEY_PORT", "0",
                "PARLEY_MANAGEMENT_PORT", "0",
                "PARLEY_DRAIN_SECONDS", "0",
                "PARLEY_DATA_DIR", temporary.toString()));
    try (Node node = QuickNode.start(settings)) {
      for (String path : ManifestRules.paths(manifests())) {
        HttpRequest request =
            HttpRequest.newBuilder(URI.create("http://" + node.management() + path)).build();
        int status = http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
        assertThat(status).as(path).isEqualTo(200);
      }
    }
  }

  @Test
  void theImageIsTheOneThePodsExpect() throws Exception {
    Document pom =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(Path.of("pom.xml").toFile());
    XPath find = XPathFactory.newInstance().newXPath();
    String jib = "//plugin[artifactId='jib-maven-plugin']/configuration";
    StatefulSet set = manifests().one(KubernetesManifests.BASE, StatefulSet.class);
    var pod = set.getSpec().getTemplate().getSpec();
    var container = pod.getContainers().getFirst();

    assertThat(find.evaluate(jib + "/container/user", pom))
        .isEqualTo(
            pod.getSecurityContext().getRunAsUser()
                + ":"
                + pod.getSecurityContext().getRunAsGroup());
    // Not the launcher: an image has exactly one Java, of the right version.
    assertThat(find.evaluate(jib + "/container/mainClass", pom)).isEqualTo("${parley.main}");
    assertThat(find.evaluate("//properties/parley.main", pom)).isEqualTo(Main.class.getName());
    for (var port : container.getPorts()) {
      String there = jib + "/container/ports/port[.='" + port.getContainerPort() + "']";
      assertThat(find.evaluate(there, pom)).as(port.getName()).isNotEmpty();
    }
    assertThat(find.evaluate("count(" + jib + "/container/ports/port)", pom)).isEqualTo("3");
    assertThat(find.evaluate(jib + "/from/image", pom)).isEqualTo("${parley.image.base}");
    // A release and its variant, or a digest: never a tag that somebody may move.
    assertThat(find.evaluate("//properties/parley.image.base", pom))
        .matches("[a-z./-]+(:(2[1-9]|[3-9]\\d)[\\w.-]*|@sha256:[0-9a-f]{64})");
    assertThat(find.evaluate(jib + "/container/environment/PARLEY_HOST", pom)).isEqualTo("0.0.0.0");
    assertThat(container.getImage())
        .isEqualTo("registry.example/parley:" + find.evaluate("/project/version", pom));
    JsonNode renamed = manifests().kustomization(KubernetesManifests.LOCAL).at("/images/0");
    assertThat(container.getImage()).startsWith(renamed.path("name").asText() + ":");
  }

  /**
   * Its licence permits tests only, so it has test scope: neither the folder of libraries nor the
   * image contains it.
   */
  @Test
  void theStandInOfDynamoIsNotShipped() throws Exception {
    Document pom =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(Path.of("pom.xml").toFile());
    XPath find = XPathFactory.newInstance().newXPath();
    String standIn = "//dependency[artifactId='DynamoDBLocal']";
    assertThat(find.evaluate("count(" + standIn + ")", pom)).isEqualTo("1");
    assertThat(find.evaluate(standIn + "/scope", pom)).isEqualTo("test");
    assertThat(
            find.evaluate(
                "//execution[goals/goal='copy-dependencies']/configuration/includeScope", pom))
        .isEqualTo("runtime");
    assertThat(find.evaluate("count(//goal[.='copy-dependencies'])", pom)).isEqualTo("1");
    // If the jar has been built, its folder holds what is shipped.
    Path libraries = Path.of("target", "lib");
    if (Files.isDirectory(libraries)) {
      try (Stream<Path> files = Files.list(libraries)) {
        assertThat(files.map(file -> file.getFileName().toString()))
            .isNotEmpty()
            .noneMatch(name -> name.contains("DynamoDBLocal"));
      }
    }
  }

  /** The manual explains every setting that a manifest uses. */
  @Test
  void theManualListsTheSettingsOfTheManifests() throws Exception {
    String manual = Files.readString(Path.of("src/main/resources/docs/operating.md"));
    try (Stream<Path> files = Files.walk(Path.of("k8s"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Matcher names = Pattern.compile("PARLEY_[A-Z_]+").matcher(Files.readString(file));
        while (names.find()) {
          String name = names.group();
          boolean whole = manual.contains(name);
          boolean shortened =
              manual.contains("`" + name.replaceFirst("PARLEY_[A-Z0-9]+(?=_)", "") + "`");
          assertThat(whole || shortened).as(file + " " + name).isTrue();
        }
      }
    }
  }

  /** The overlay that people copy puts everything into one namespace, the ingress too. */
  @Test
  void theOverlayInTheReadmeIsWhole() throws Exception {
    List<String> lines = Files.readAllLines(Path.of("k8s/README.md"));
    int from = lines.indexOf("    # k8s/overlays/mine/kustomization.yaml");
    String block =
        lines.stream()
            .skip(from)
            .takeWhile(line -> line.startsWith("    "))
            .collect(Collectors.joining("\n"));
    JsonNode overlay = new YAMLMapper().readTree(block);

    JsonNode base = manifests().kustomization(KubernetesManifests.BASE);
    assertThat(overlay.path("namespace").asText()).isEqualTo(base.path("namespace").asText());
    assertThat(overlay.path("components").toString()).contains(KubernetesManifests.INGRESS);
    assertThat(overlay.at("/images/0/name"))
        .isEqualTo(manifests().kustomization(KubernetesManifests.LOCAL).at("/images/0/name"));
    for (JsonNode patch : overlay.path("patches")) {
      assertThat(patch.at("/target/name").asText()).isEqualTo("parley");
      assertThat(new YAMLMapper().readTree(patch.path("patch").asText()).isArray()).isTrue();
    }
    assertThat(overlay.path("patches")).hasSize(2);
  }

  /** What the section about monitoring replaces in an object of ours stands there. */
  @Test
  void thePatchesForMonitoringFindTheirPlace() throws IOException {
    Map<String, String> files = Map.of("NetworkPolicy", NETWORK, "ServiceMonitor", MONITOR);
    String readme = Files.readString(Path.of("k8s/README.md"));
    String section = readme.substring(readme.indexOf("\n## Monitoring\n"));
    Matcher patches =
        Pattern.compile("- target: \\{kind: (\\w+), name: parley}|op: replace, path: ([^,]+),")
            .matcher(section);
    JsonNode target = null;
    int replaced = 0;
    while (patches.find()) {
      if (patches.group(1) != null) {
        Path file = Path.of("k8s", Objects.requireNonNull(files.get(patches.group(1))));
        target = new YAMLMapper().readTree(file.toFile());
      } else {
        assertThat(Objects.requireNonNull(target).at(patches.group(2)).isTextual())
            .as(patches.group(2))
            .isTrue();
        replaced++;
      }
    }
    assertThat(replaced).isEqualTo(2);
  }
}
