package parley.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder of one process: journal, keys, cold tier. Held by an operating system lock on the file
 * {@code lock} in it, which ends with the process however it ends, so nothing stale is left behind
 * by {@code kill -9}. RocksDB locks its own folder too, but later, and with a message that names
 * the file and not the setting.
 */
public final class DataFolder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DataFolder.class);
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");

  private final Path path;
  private final FileChannel channel;
  private final FileLock lock;

  private DataFolder(Path path, FileChannel channel, FileLock lock) {
    this.path = path;
    this.channel = channel;
    this.lock = lock;
  }

  /**
   * Makes the folder if it is missing, for its owner only, and locks it.
   *
   * @throws StoreRefusedException where it cannot be made or written, or another process has it
   */
  public static DataFolder open(Path folder) throws StoreRefusedException {
    Path path = folder.toAbsolutePath().normalize();
    FileChannel channel;
    try {
      make(path);
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

  private static void make(Path path) throws IOException {
    boolean posix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    if (!Files.isDirectory(path)) {
      // What it is in is not ours to close.
      Files.createDirectories(Objects.requireNonNullElse(path.getParent(), path));
      try {
        if (posix) {
          Files.createDirectory(path, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        } else {
          Files.createDirectory(path);
        }
      } catch (FileAlreadyExistsException e) {
        if (!Files.isDirectory(path)) {
          throw e;
        }
        // Another process was first; the lock decides.
      }
    } else if (posix && !OWNER_ONLY.containsAll(Files.getPosixFilePermissions(path))) {
      LOG.warn("PARLEY_DATA_DIR: {} is open to others, and messages are in it: chmod 700", path);
    }
  }

  /** Closes a folder within the data folder to everybody else. */
  static void ownerOnly(Path folder) throws IOException {
    if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
      Files.setPosixFilePermissions(folder, OWNER_ONLY);
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
