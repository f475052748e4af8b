package parley.app;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import java.util.regex.Pattern;

/**
 * The version of this build, in a form that orders builds: {@code 0.1.0-20260131-101530}. Nodes
 * tell it to each other. While nodes of two builds run side by side, shards are allocated only to
 * nodes of the newest build. So a rolling upgrade moves each shard once, and never to a node that
 * is about to be replaced.
 */
final class BuildVersion {
  /** The version of classes that no build has packaged. Older than every build. */
  static final String UNKNOWN = "0.0.0";

  private static final String FILE = "/parley-build.properties";
  private static final Pattern NUMBERS = Pattern.compile("\\d{1,9}\\.\\d{1,9}\\.\\d{1,9}");
  private static final Pattern TIME = Pattern.compile("\\d{8}-\\d{6}");

  private BuildVersion() {}

  /** The version of this program. */
  static String read() {
    Properties build = new Properties();
    try (InputStream file = BuildVersion.class.getResourceAsStream(FILE)) {
      if (file != null) {
        build.load(file);
      }
    } catch (IOException e) {
      return UNKNOWN;
    }
    return of(build.getProperty("version", ""), build.getProperty("built", ""));
  }

  /**
   * The version of a build.
   *
   * @param version the Maven version: three numbers, and perhaps a qualifier after a hyphen
   * @param built the time of the build in UTC, as {@code 20260131-101530}
   * @return {@link #UNKNOWN} if one of the two has another form
   */
  static String of(String version, String built) {
    String numbers = version.replaceFirst("-.*", "");
    return NUMBERS.matcher(numbers).matches() && TIME.matcher(built).matches()
        ? numbers + "-" + built
        : UNKNOWN;
  }
}
