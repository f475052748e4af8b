package parley.tls;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

/** A folder that only its owner can read. Files in it are replaced atomically. */
public final class PrivateFolder {
  private static final boolean POSIX =
      FileSystems.getDefault().supportedFileAttributeViews().contains("posix");

  private final Path path;

  private PrivateFolder(Path path) {
    this.path = path;
  }

  /** Work under the lock of the folder. */
  @FunctionalInterface
  interface Work<T> {
    T run() throws IOException;
  }

  /**
   * Creates the folder. An existing folder of this user is made private.
   *
   * @throws IOException if the folder cannot be created or belongs to another user
   */
  public static PrivateFolder open(Path path) throws IOException {
    Path whole = path.toAbsolutePath().normalize();
    if (!Files.isDirectory(whole, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectories(whole, attributes("rwx------"));
      if (!Files.isDirectory(whole, LinkOption.NOFOLLOW_LINKS)) {
        throw new IOException(whole + " is a link, which may lead to anybody's folder");
      }
    }
    if (POSIX) {
      // Fails for another user's folder, whose owner could read the keys: only an owner may do
      // this.
      Files.setPosixFilePermissions(whole, PosixFilePermissions.fromString("rwx------"));
      Path probe = Files.createTempFile(whole, "owner", "", attributes("rw-------"));
      try {
        if (!Files.getOwner(probe).equals(Files.getOwner(whole))) {
          throw new IOException(whole + " belongs to " + Files.getOwner(whole));
        }
      } finally {
        Files.delete(probe);
      }
    }
    return new PrivateFolder(whole);
  }

  /** The absolute path of the folder. */
  public Path path() {
    return path;
  }

  /**
   * Writes a file that only the owner can read. It replaces an existing file completely or not at
   * all.
   */
  public void replaceFile(String name, String text) throws IOException {
    Path made = Files.createTempFile(path, name, ".new", attributes("rw-------"));
    try {
      Files.writeString(made, text, StandardOpenOption.SYNC, StandardOpenOption.WRITE);
      Files.move(
          made,
          path.resolve(name),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(made);
    }
  }

  /**
   * Runs the work under a lock that covers all processes and threads. Blocks while another one
   * holds it.
   */
  <T> T withLock(Work<T> work) throws IOException {
    synchronized (PrivateFolder.class) {
      try (FileChannel channel =
              FileChannel.open(
                  path.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock lock = channel.lock()) {
        assert lock.isValid();
        return work.run();
      }
    }
  }

  private static FileAttribute<?>[] attributes(String permissions) {
    return POSIX
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }
}
