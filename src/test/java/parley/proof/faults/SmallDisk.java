package parley.proof.faults;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file system of its own (in memory) that can be filled to the last byte, and freed again. Needs
 * the right to mount.
 */
public final class SmallDisk implements AutoCloseable {
  private static final String BALLAST = "ballast";

  private final Path folder;

  private SmallDisk(Path folder) {
    this.folder = folder;
  }

  /** Whether this process may mount one; the folder is empty, and is so again afterwards. */
  public static boolean allowed(Path folder) {
    try (SmallDisk disk = mount(folder, 1)) {
      return Files.isDirectory(disk.folder);
    } catch (IllegalStateException e) {
      return false;
    }
  }

  /**
   * Mounts an empty one.
   *
   * @param megabytes how much it holds
   */
  public static SmallDisk mount(Path folder, int megabytes) {
    run("mount", "-t", "tmpfs", "-o", "size=" + megabytes + "m", "tmpfs", folder.toString());
    return new SmallDisk(folder);
  }

  public Path folder() {
    return folder;
  }

  /**
   * Takes all remaining room, so that no file can grow. Called again, it also takes what was freed
   * since, for example by a store that merges its files.
   */
  public void fill() {
    fillUntil(0);
  }

  /** Takes room until only this part of the disk is free, 0 to 1. */
  public void fillUntil(double free) {
    byte[] block = new byte[64 * 1024];
    try (OutputStream out =
        Files.newOutputStream(
            folder.resolve(BALLAST), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      FileStore disk = Files.getFileStore(folder);
      long rest = (long) (free * disk.getTotalSpace());
      for (int size = block.length; size > 0 && (free == 0 || disk.getUsableSpace() > rest); ) {
        try {
          out.write(block, 0, size);
        } catch (IOException full) {
          size /= 2;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Frees the room again. */
  public void free() {
    try {
      Files.deleteIfExists(folder.resolve(BALLAST));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    run("umount", "-l", folder.toString());
  }

  private static void run(String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IllegalStateException(String.join(" ", command) + ": " + said);
      }
    } catch (IOException e) {
      throw new IllegalStateException(String.join(" ", command), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
