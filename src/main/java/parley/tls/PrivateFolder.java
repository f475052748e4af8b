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

/** A folder that only its owner may look into, and files in it that are replaced in one step. */
public final class PrivateFolder {
  private static final boolean POSIX =
      FileSystems.getDefault().supportedFileAttributeViews().contains("posix");

  private final Path path;

  private PrivateFolder(Path path) {
    this.path = path;
  }

  /** What is done while nobody else does anything in the folder. */
  @FunctionalInterface
  interface Work<T> {
    T run() throws IOException;
  }

  /**
   * Makes the folder, or closes one of this user's that stood before to everybody else.
   *
   * @throws IOException where it cannot be made, or is another user's
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
      // Also refuses a folder of somebody else, who would find the keys in it: only an owner may.
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

  /** The folder, absolute. */
  public Path path() {
    return path;
  }

  /** Puts a file there for the owner only, in place of the one before, whole or not at all. */
  public void put(String name, String text) throws IOException {
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

  /** One at a time, over all processes and threads. Blocks while another is at it. */
  <T> T alone(Work<T> work) throws IOException {
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
