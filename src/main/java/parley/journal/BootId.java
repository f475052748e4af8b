package parley.journal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One life of the operating system. What a process has written and not forced to the disk outlives
 * the process, but not that life.
 */
final class BootId {
  private static final Path LINUX = Path.of("/proc/sys/kernel/random/boot_id");

  private BootId() {}

  /**
   * The present one. Empty where the system does not say (only Linux does, by a file): then each
   * unclean end counts as the end of such a life.
   */
  static Optional<String> current() {
    return read(LINUX);
  }

  static Optional<String> read(Path file) {
    try {
      String id = Files.readString(file).strip();
      return id.isEmpty() || id.length() > 64 ? Optional.empty() : Optional.of(id);
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
