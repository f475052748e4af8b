package parley.telemetry;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The name by which lines of the log and traces tell this node from others. There is one for the
 * process, because the log of a process is one.
 */
public final class NodeName {
  private static final String UNKNOWN = "parley";

  /** Linux only; elsewhere the name is not known. */
  private static final Path KERNEL = Path.of("/proc/sys/kernel/hostname");

  private static volatile String name = hostName();

  private NodeName() {}

  /** The name; until {@link #set} the name of the machine. */
  public static String get() {
    return name;
  }

  /**
   * Sets the name.
   *
   * @param newName such as {@code 10.0.0.7:25520}
   */
  public static void set(String newName) {
    name = newName;
  }

  /** The name of the machine, or of the pod. Asks no name service, so it never waits. */
  private static String hostName() {
    String host = System.getenv("HOSTNAME");
    try {
      if (host == null || host.isBlank()) {
        host = Files.readString(KERNEL);
      }
    } catch (IOException e) {
      return UNKNOWN;
    }
    return host.isBlank() ? UNKNOWN : host.strip();
  }
}
