package parley.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The class path agrees with what {@code docs/libraries.md} calls removed or raised. */
class LibrariesTest {
  private static final Pattern JAR = Pattern.compile("(.+?)-(\\d[\\w.]*?(?:-\\w+)?)\\.jar");

  /** The name of a jar, as in Maven. */
  private record Jar(String artifact, String version) {}

  private static List<Jar> jars() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .flatMap(LibrariesTest::withManifest)
        .map(path -> JAR.matcher(Path.of(path).getFileName().toString()))
        .filter(Matcher::matches)
        .map(jar -> new Jar(jar.group(1), jar.group(2)))
        .toList();
  }

  /** A jar made for a long class path names the others in its manifest. */
  private static Stream<String> withManifest(String entry) {
    Path path = Path.of(entry);
    if (!entry.endsWith(".jar") || !path.getFileName().toString().startsWith("surefire")) {
      return Stream.of(entry);
    }
    try (var jar = new JarFile(path.toFile())) {
      String others = jar.getManifest().getMainAttributes().getValue("Class-Path");
      return others == null ? Stream.of(entry) : Stream.of(others.split(" ", -1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The lowest versions that are allowed. Artifacts of Jackson 3, which only the tests use, begin
   * with another number.
   */
  @ParameterizedTest
  @CsvSource({
    "logback-classic, 1.5.36",
    "logback-core, 1.5.36",
    "jackson-databind, 2.21.6",
    "jackson-core, 2.21.6",
    "jackson-dataformat-cbor, 2.21.6",
    "aws-java-sdk-core, 1.12.797",
    "aws-java-sdk-dynamodb, 1.12.797",
    "aws-java-sdk-sts, 1.12.797",
    "commons-codec, 1.20",
    "httpclient, 4.5.14",
    "httpcore, 4.4.16",
    "netty-codec-http2, 4.1.137",
    "netty-handler, 4.1.137",
  })
  void isAtLeast(String artifact, String least) {
    List<Jar> found = jars().stream().filter(jar -> jar.artifact.equals(artifact)).toList();
    assertThat(found).as(artifact).isNotEmpty();
    assertThat(found)
        .allSatisfy(
            jar ->
                assertThat(Runtime.Version.parse(plain(jar.version)))
                    .as(jar.toString())
                    .isGreaterThanOrEqualTo(Runtime.Version.parse(least)));
  }

  @Test
  void lz4IsNotThereUnderAnyName() {
    assertThat(jars()).extracting(Jar::artifact).noneMatch(name -> name.contains("lz4"));
    assertThatThrownBy(() -> Class.forName("net.jpountz.lz4.LZ4Factory"))
        .isInstanceOf(ClassNotFoundException.class);
  }

  @Test
  void theTestWouldNoticeAnOldOne() {
    Matcher jar = JAR.matcher("logback-classic-1.5.18.jar");
    assertThat(jar.matches()).isTrue();
    assertThat(Runtime.Version.parse(plain(jar.group(2))))
        .isLessThan(Runtime.Version.parse("1.5.25"));
  }

  @Test
  void thePageIsShipped() throws IOException, URISyntaxException {
    URL page = LibrariesTest.class.getResource("/docs/libraries.md");
    assertThat(page).isNotNull();
    try (InputStream in = page.openStream()) {
      assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8))
          .contains("lz4-java", "CVE-2025-12183", "AWS SDK for Java v1", "target/bom.json");
    }
    assertThat(Files.readString(Path.of("pom.xml"))).contains("cyclonedx-maven-plugin");
  }

  /** 4.1.137.Final is 4.1.137. */
  private static String plain(String version) {
    return version.replaceAll("\\.(Final|RELEASE|GA)$", "").replaceAll("(\\.0)+$", "");
  }
}
