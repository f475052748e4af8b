package parley.journal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The boot id of the operating system, which changes with each boot. Data that a process has
 * written but not forced to the disk survives the end of the process, but not a reboot.
 */
final class BootId {
  private static final Path BOOT_ID_FILE = Path.of("/proc/sys/kernel/random/boot_id");

  private BootId() {}

  /**
   * The current boot id. Empty if the system does not provide one (only Linux does, as a file).
   * {@link Epoch} then treats each unclean end as a reboot.
   */
  static Optional<String> current() {
    return read(BOOT_ID_FILE);
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
