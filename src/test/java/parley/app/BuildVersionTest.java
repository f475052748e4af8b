package parley.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.pekko.util.Version;
import org.junit.jupiter.api.Test;
import parley.settings.Settings;

/** Versions of builds sort by the time of the build, as the cluster compares them. */
class BuildVersionTest {
  @Test
  void aLaterBuildIsNewer() {
    List<String> inOrder =
        List.of(
            BuildVersion.UNKNOWN,
            BuildVersion.of("0.1.0-SNAPSHOT", "20260131-235959"),
            BuildVersion.of("0.1.0-SNAPSHOT", "20260201-000000"),
            BuildVersion.of("0.1.0", "20260201-000001"),
            BuildVersion.of("0.2.0-SNAPSHOT", "20250101-000000"),
            BuildVersion.of("0.10.0", "20240101-000000"),
            BuildVersion.of("1.0.0", "20230101-000000"));
    for (int i = 1; i < inOrder.size(); i++) {
      assertThat(Version.apply(inOrder.get(i)).compareTo(Version.apply(inOrder.get(i - 1))))
          .as(inOrder.get(i - 1) + " < " + inOrder.get(i))
          .isPositive();
    }
  }

  @Test
  void anUnpackagedVersionIsTheOldest() {
    assertThat(BuildVersion.of("${project.version}", "${parley.built}")).isEqualTo("0.0.0");
    assertThat(BuildVersion.of("", "")).isEqualTo("0.0.0");
    assertThat(BuildVersion.of("1.0", "20260131-235959")).isEqualTo("0.0.0");
  }

  @Test
  void mavenFillsInTheVersion() throws Exception {
    assertThat(Files.readString(Path.of("src/main/build/parley-build.properties")))
        .contains("version=${project.version}", "built=${parley.built}");
    assertThat(Files.readString(Path.of("pom.xml")))
        .contains("<parley.built>${maven.build.timestamp}</parley.built>")
        .contains("<maven.build.timestamp.format>yyyyMMdd-HHmmss</maven.build.timestamp.format>");
  }

  @Test
  void theClusterLearnsTheVersion() throws Exception {
    var config = NodeConfig.of(Settings.from(Map.of()), com.typesafe.config.ConfigFactory.empty());
    assertThat(config.getString("pekko.cluster.app-version")).isEqualTo(BuildVersion.read());
  }
}
