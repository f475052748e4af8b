package parley.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * The folder of one process: journal, keys, cold tier. Held by an operating system lock on the file
 * {@code lock} in it, which ends with the process however it ends, so nothing stale is left behind
 * by {@code kill -9}. H2 locks its own file too, but only after it has been opened, and with a
 * message that names neither the folder nor the setting.
 */
public final class DataFolder implements AutoCloseable {
  private final Path path;
  private final FileChannel channel;
  private final FileLock lock;

  private DataFolder(Path path, FileChannel channel, FileLock lock) {
    this.path = path;
    this.channel = channel;
    this.lock = lock;
  }

  /**
   * Makes the folder if it is missing and locks it.
   *
   * @throws StoreRefusedException where it cannot be made or written, or another process has it
   */
  public static DataFolder open(Path folder) throws StoreRefusedException {
    Path path = folder.toAbsolutePath().normalize();
    FileChannel channel;
    try {
      Files.createDirectories(path);
      channel =
          FileChannel.open(
              path.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new StoreRefusedException(
          "PARLEY_DATA_DIR: cannot write to " + path + " (" + reason(e) + ")", e);
    }
    try {
      FileLock lock = tryLock(channel);
      if (lock != null) {
        return new DataFolder(path, channel, lock);
      }
      channel.close();
    } catch (IOException e) {
      throw new StoreRefusedException(
          "PARLEY_DATA_DIR: cannot lock " + path + " (" + reason(e) + ")", e);
    }
    throw new StoreRefusedException(
        "PARLEY_DATA_DIR: " + path + " is in use by another Parley process");
  }

  /** The folder, absolute. */
  public Path path() {
    return path;
  }

  /** Gives the folder back. The file stays: removing it could free a lock another has just got. */
  @Override
  public void close() {
    try (channel) {
      lock.release();
    } catch (IOException e) {
      // The lock ends with the process in any case.
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null; // held within this JVM
    }
  }

  private static String reason(IOException e) {
    return e.getClass().getSimpleName().replace("Exception", "");
  }
}
