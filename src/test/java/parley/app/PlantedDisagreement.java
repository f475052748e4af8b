package parley.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.DynamicTest;

/** Tests that the rules of the manifests notice one planted disagreement each. */
final class PlantedDisagreement {
  private static final ObjectMapper JSON = new ObjectMapper();

  private PlantedDisagreement() {}

  /** The manifests as they are. */
  static KubernetesManifests manifests() {
    try {
      return KubernetesManifests.read(Path.of("k8s"));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  static DynamicTest set(
      String file, String kind, String at, String field, Object value, String noticed) {
    return change(
        file,
        kind,
        document -> ((ObjectNode) document.at(at)).set(field, JSON.valueToTree(value)),
        noticed + " (" + field + ")",
        noticed);
  }

  static DynamicTest remove(String file, String kind, String at, int index, String noticed) {
    return change(
        file,
        kind,
        document -> assertThat(((ArrayNode) document.at(at)).remove(index)).isNotNull(),
        noticed + " (without " + at + " " + index + ")",
        noticed);
  }

  static DynamicTest change(String file, String kind, Consumer<ObjectNode> change, String noticed) {
    return change(file, kind, change, noticed, noticed);
  }

  static DynamicTest change(
      String file, String kind, Consumer<ObjectNode> change, String name, String noticed) {
    return DynamicTest.dynamicTest(
        file + ": " + name,
        () ->
            assertThat(ManifestRules.problems(manifests().with(file, kind, change)))
                .anyMatch(problem -> problem.contains(noticed)));
  }
}
