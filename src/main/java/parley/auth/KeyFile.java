package parley.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A key file: the server's own in the data folder, which only its owner can read and which is
 * replaced as a whole, or an operator's file, which is never written.
 *
 * <p>Each read opens the file anew by its name, because a Kubernetes Secret is mounted as a
 * symbolic link that moves to the next version.
 */
final class KeyFile implements SigningKeyStore {
  /** A dozen keys are 4 KiB. */
  private static final int MAX_BYTES = 64 * 1024;

  private static final String TEMP_SUFFIX = ".new";

  private static final Logger log = LoggerFactory.getLogger(KeyFile.class);
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");

  private final Path file;
  private final String setting;
  private final boolean writable;

  private KeyFile(Path file, String setting, boolean ours) {
    this.file = file;
    this.setting = setting;
    this.writable = ours;
  }

  /** The operator's file: PARLEY_AUTH_KEY_FILE. */
  static KeyFile ofOperator(Path file) {
    return new KeyFile(file, "PARLEY_AUTH_KEY_FILE", false);
  }

  /**
   * The data folder's file, created with a new key if there is none. After a power failure it is
   * complete or absent. Two processes that start at the same time use the same key. Blocks.
   *
   * @throws IllegalArgumentException if the file cannot be created; the message is one line and
   *     names PARLEY_DATA_DIR
   */
  static KeyFile inFolder(Path folder, Instant now) {
    KeyFile made = new KeyFile(folder.resolve(SigningKeys.FILE_NAME), "PARLEY_DATA_DIR", true);
    if (!Files.exists(made.file)) {
      try {
        Files.createDirectories(folder);
        made.create(SigningKeys.newKeySet(now).text(now));
      } catch (IOException e) {
        throw new IllegalArgumentException(
            made.name() + " cannot be made (" + e.getClass().getSimpleName() + ")");
      }
    }
    made.warnIfOthersCanRead();
    return made;
  }

  @Override
  public String read() throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new IOException("is larger than " + MAX_BYTES + " bytes");
      }
      return new String(bytes, UTF_8);
    } catch (IOException e) {
      // The message of the exception would repeat the path.
      boolean large = e.getClass() == IOException.class && e.getMessage() != null;
      throw large ? e : new IOException("cannot be read (" + e.getClass().getSimpleName() + ")", e);
    }
  }

  /**
   * The lock of the folder excludes other processes, and {@code synchronized} the other threads of
   * this process.
   */
  @Override
  public synchronized boolean replace(String before, String after) throws IOException {
    if (!writable) {
      throw new IOException("is the operator's");
    }
    if (!read().equals(before)) {
      return false;
    }
    removeLeftovers();
    Path temp = writeTemporary(after);
    try {
      Files.move(temp, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temp);
    }
    forceFolder();
    return true;
  }

  @Override
  public boolean isWritable() {
    return writable;
  }

  @Override
  public String name() {
    return setting + ": key file " + file;
  }

  private void create(String text) throws IOException {
    Path temp = writeTemporary(text);
    try {
      // A hard link instead of a rename: it is as atomic, but never replaces a key that another
      // process has put there in the meantime and already signs with.
      Files.createLink(file, temp);
      log.info("Created a signing key for access tokens: {}", file);
    } catch (FileAlreadyExistsException e) {
      log.debug("Another process created {} first", file);
    } catch (UnsupportedOperationException e) {
      Files.move(temp, file); // No links on this file system: the folder's lock must do.
    } finally {
      Files.deleteIfExists(temp);
    }
    forceFolder();
  }

  /**
   * Writes the text to a temporary file beside the key file and forces it to the disk. Only its
   * owner can read it from the start.
   */
  private Path writeTemporary(String text) throws IOException {
    FileAttribute<?>[] owner =
        isPosix()
            ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(OWNER_ONLY)}
            : new FileAttribute<?>[0];
    Path temp = Files.createTempFile(folder(), SigningKeys.FILE_NAME, TEMP_SUFFIX, owner);
    try (FileChannel out = FileChannel.open(temp, StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(UTF_8));
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
      out.force(true);
    } catch (IOException e) {
      Files.deleteIfExists(temp);
      throw e;
    }
    return temp;
  }

  /**
   * Deletes the temporary files that a process left when it was killed during a write. They contain
   * keys.
   */
  private void removeLeftovers() throws IOException {
    try (DirectoryStream<Path> left =
        Files.newDirectoryStream(folder(), SigningKeys.FILE_NAME + "*" + TEMP_SUFFIX)) {
      for (Path one : left) {
        Files.deleteIfExists(one);
      }
    }
  }

  private Path folder() throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IOException("is no file");
    }
    return folder;
  }

  private void forceFolder() throws IOException {
    if (isPosix()) {
      try (FileChannel entries = FileChannel.open(folder(), StandardOpenOption.READ)) {
        entries.force(true);
      }
    }
  }

  private void warnIfOthersCanRead() {
    try {
      if (isPosix() && !OWNER_ONLY.containsAll(Files.getPosixFilePermissions(file))) {
        log.warn("Others can read the signing key {}: chmod 600", file);
      }
    } catch (IOException e) {
      log.debug("Cannot read the permissions of {}", file, e);
    }
  }

  private static boolean isPosix() {
    return FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
  }
}
