package parley.proof.drill;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A node of an older version: the jar that {@code -Drunbooks.before} names, or else this version
 * with an older build number and without the roles by which newer versions announce what they can
 * read ({@link parley.cluster.Capability}). To other nodes both are the same: what an older node
 * cannot read is not written while it is a member.
 */
final class OlderVersion {
  private static final String BUILD = "parley-build.properties";

  private final Path folder;

  /**
   * Prepares it.
   *
   * @param folder an empty folder
   */
  OlderVersion(Path folder) {
    this.folder = folder;
    try {
      Files.createDirectories(folder);
      Files.writeString(folder.resolve(BUILD), "version=0.0.9\nbuilt=20250101-000000\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The jar of an older version, or null if none was named. */
  static @Nullable Path jar() {
    String named = System.getProperty("runbooks.before", "").trim();
    return named.isEmpty() ? null : Path.of(named);
  }

  /** Options of the JVM; none for a jar, which is older by itself. */
  List<String> jvm() {
    return jar() != null
        ? List.of()
        : List.of(
            otherBuild(),
            "-Dpekko.cluster.roles.0=cursor-log",
            "-Dpekko.cluster.roles.1=audit-log");
  }

  /** The option by which this version says that it is another build. */
  String otherBuild() {
    return "-Xbootclasspath/a:" + folder;
  }

  /** For the transcript. */
  static String described() {
    return jar() != null
        ? "an older version's jar"
        : "this version without the roles of the newest changes, and with an older build number";
  }
}
