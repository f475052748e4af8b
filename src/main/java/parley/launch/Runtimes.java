package parley.launch;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Finds the Java runtimes of this machine in the usual folders. */
final class Runtimes {
  private static final Pattern VERSION = Pattern.compile("JAVA_VERSION=\"([0-9]+)");

  private Runtimes() {}

  /**
   * Returns the {@code java} of JAVA_HOME if it is new enough, else of the newest runtime that was
   * found.
   *
   * @param least the lowest feature version that is new enough
   * @return null if there is none
   */
  static @Nullable Path find(int least) {
    String home = System.getenv("JAVA_HOME");
    if (home != null && !home.isEmpty() && version(Path.of(home)) >= least) {
      return java(Path.of(home));
    }
    return newest(candidates(Path.of(System.getProperty("user.home", "/"))), least);
  }

  static @Nullable Path newest(List<Path> homes, int least) {
    Path best = null;
    int bestVersion = least - 1;
    for (Path home : homes) {
      int version = version(home);
      if (version > bestVersion && Files.isExecutable(java(home))) {
        best = java(home);
        bestVersion = version;
      }
    }
    return best;
  }

  /**
   * The feature version of the runtime in a folder, from its {@code release} file; 0 if there is
   * none.
   */
  static int version(Path home) {
    try {
      for (String line : Files.readAllLines(home.resolve("release"))) {
        Matcher matcher = VERSION.matcher(line);
        if (matcher.lookingAt()) {
          return Integer.parseInt(matcher.group(1));
        }
      }
    } catch (IOException | NumberFormatException e) {
      // Not a runtime.
    }
    return 0;
  }

  private static Path java(Path home) {
    return home.resolve("bin").resolve("java");
  }

  private static List<Path> candidates(Path user) {
    List<Path> homes = new ArrayList<>();
    for (Path folder :
        List.of(
            Path.of("/usr/lib/jvm"),
            Path.of("/usr/java"),
            Path.of("/opt/java"),
            Path.of("/opt"),
            user.resolve(".sdkman/candidates/java"),
            user.resolve(".jdks"),
            Path.of("/opt/homebrew/opt"),
            Path.of("/Library/Java/JavaVirtualMachines"))) {
      try (DirectoryStream<Path> children = Files.newDirectoryStream(folder)) {
        for (Path child : children) {
          homes.add(child);
          homes.add(child.resolve("Contents/Home")); // as macOS has them
        }
      } catch (IOException e) {
        // No such folder on this machine.
      }
    }
    return homes;
  }
}
