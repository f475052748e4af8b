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
 * The data folder of one process: journal, keys, cold tier. The process holds an operating system
 * lock on the file {@code lock} in it. The lock ends with the process however the process ends, so
 * {@code kill -9} leaves nothing stale. RocksDB locks its own folder too, but later, and with a
 * message that names the file and not the setting.
 *
 * <p><b>Rights.</b> What the program creates is for its owner only: folders {@code 0700}, keys
 * {@code 0600}. If one of its folders or keys has wider rights, the program tightens them; if
 * another user owns it, the program cannot, and logs a warning. The data folder itself is created
 * with the same rights. A data folder that existed before keeps its rights, with a warning: it may
 * be a volume whose rights somebody else sets (a group of a pod, a backup's user). Everything
 * secret in it is protected by its own rights, and whatever lies deeper is behind a protected
 * folder.
 */
public final class DataFolder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DataFolder.class);
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> OWNER_READ_WRITE =
      PosixFilePermissions.fromString("rw-------");

  /** The folders that the program creates in the data folder. */
  private static final Set<String> FOLDERS =
      Set.of("journal", "native", "cold", "media", "node-tls");

  private static final String KEY_FILE_PREFIX = "auth-signing-key";

  private final Path path;
  private final FileChannel channel;
  private final FileLock lock;

  private DataFolder(Path path, FileChannel channel, FileLock lock) {
    this.path = path;
    this.channel = channel;
    this.lock = lock;
  }

  /**
   * Locks the folder. Creates it, for its owner only, if it is missing.
   *
   * @throws StoreRefusedException if it cannot be created or written, or another process uses it
   */
  public static DataFolder open(Path folder) throws StoreRefusedException {
    Path path = folder.toAbsolutePath().normalize();
    FileChannel channel;
    try {
      create(path);
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
        tightenRights(path);
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

  /**
   * Releases the lock. The lock file stays: removing it could free a lock that another process has
   * just taken.
   */
  @Override
  public void close() {
    try (channel) {
      lock.release();
    } catch (IOException e) {
      // The lock ends with the process in any case.
    }
  }

  private static void create(Path path) throws IOException {
    boolean posix = supportsPosixRights();
    if (!Files.isDirectory(path)) {
      // The parent folders are not ours: they get default rights.
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

  /** Tightens rights that an older version, or a copy, has left too wide. */
  private static void tightenRights(Path path) throws IOException {
    if (!supportsPosixRights()) {
      return;
    }
    List<Path> all;
    try (Stream<Path> found = Files.list(path)) {
      all = found.toList();
    }
    for (Path one : all) {
      String name = String.valueOf(one.getFileName());
      if (FOLDERS.contains(name) && Files.isDirectory(one, LinkOption.NOFOLLOW_LINKS)) {
        tightenRights(one, OWNER_ONLY);
      } else if (name.startsWith(KEY_FILE_PREFIX)
          && Files.isRegularFile(one, LinkOption.NOFOLLOW_LINKS)) {
        tightenRights(one, OWNER_READ_WRITE);
      }
    }
  }

  private static void tightenRights(Path one, Set<PosixFilePermission> most) {
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

  private static boolean supportsPosixRights() {
    return FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
  }

  /** Restricts a folder within the data folder to its owner. */
  static void restrictToOwner(Path folder) throws IOException {
    if (supportsPosixRights()) {
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
