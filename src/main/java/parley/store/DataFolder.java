package parley.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder of one process: journal, keys, cold tier. Held by an operating system lock on the file
 * {@code lock} in it, which ends with the process however it ends, so nothing stale is left behind
 * by {@code kill -9}. RocksDB locks its own folder too, but later, and with a message that names
 * the file and not the setting.
 *
 * <p><b>Rights.</b> What the program makes is for its owner only: folders {@code 0700}, keys {@code
 * 0600}. Where it finds one of its own with wider rights, it tightens it, if it belongs to the user
 * it runs as; another's it cannot, and says so. The data folder itself it makes so too, but where
 * it stood before its rights stay as they are, with a warning: it may be a volume whose rights
 * somebody else sets (a group of a pod, a backup's user), and everything in it that is secret is
 * closed by itself. What lies deeper is behind a closed folder.
 */
public final class DataFolder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DataFolder.class);
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> KEY = PosixFilePermissions.fromString("rw-------");

  /** The folders the program makes in it. */
  private static final Set<String> FOLDERS =
      Set.of("journal", "native", "cold", "media", "node-tls");

  private static final String KEYS = "auth-signing-key";

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
        tighten(path);
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
    boolean posix = posix();
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

  /** Closes what a version, or a copy, has left open. */
  private static void tighten(Path path) throws IOException {
    if (!posix()) {
      return;
    }
    List<Path> all;
    try (Stream<Path> found = Files.list(path)) {
      all = found.toList();
    }
    for (Path one : all) {
      String name = String.valueOf(one.getFileName());
      if (FOLDERS.contains(name) && Files.isDirectory(one, LinkOption.NOFOLLOW_LINKS)) {
        tighten(one, OWNER_ONLY);
      } else if (name.startsWith(KEYS) && Files.isRegularFile(one, LinkOption.NOFOLLOW_LINKS)) {
        tighten(one, KEY);
      }
    }
  }

  private static void tighten(Path one, Set<PosixFilePermission> most) {
    try {
      Set<PosixFilePermission> now = Files.getPosixFilePermissions(one);
      if (!most.containsAll(now)) {
        Set<PosixFilePermission> less = new HashSet<>(now);
        less.retainAll(most);
        Files.setPosixFilePermissions(one, less);
        LOG.info("{} was open to others and is closed now", one);
      }
    } catch (IOException e) {
      LOG.warn("PARLEY_DATA_DIR: {} is open to others and cannot be closed ({})", one, reason(e));
    }
  }

  private static boolean posix() {
    return FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
  }

  /** Closes a folder within the data folder to everybody else. */
  static void ownerOnly(Path folder) throws IOException {
    if (posix()) {
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
