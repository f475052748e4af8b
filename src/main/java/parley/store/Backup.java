package parley.store;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.journal.JournalFile;

/**
 * A backup of a data folder: a folder that a server can be started on. It holds the journal as it
 * was at one moment, the objects of the cold tier and the media that this journal refers to, and
 * the keys.
 *
 * <p><b>One moment.</b> Files of the cold tier never change once they have their name, so they are
 * linked instead of copied where the file system allows it. The caller keeps the cold tier from
 * changing during the backup. So the copied journal has planned each object in the copy, and each
 * object that it relies on is in the copy.
 *
 * <p><b>Crash.</b> The folder gets its name when everything in it is forced to the disk. What an
 * interrupted backup leaves has another name, and a later backup removes it after a day.
 *
 * <p><b>Restore.</b> The file {@value #MARKER} marks a backup. A server that finds it in its data
 * folder begins a new history: clients are told by another epoch that history may have gone back,
 * and start afresh. Then the file is renamed. Commands like {@code verify} leave it.
 */
public final class Backup {
  private static final String MARKER = "backup.json";
  private static final String USED_MARKER = "restored-backup.json";
  private static final String UNFINISHED_PREFIX = ".unfinished-";
  private static final Duration UNFINISHED_MAX_AGE = Duration.ofDays(1);

  /** Folders whose files never change under their names. */
  private static final List<String> LINKED_FOLDERS = List.of("cold", "media");

  private static final String NODE_CERTIFICATES = "node-tls";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path data;
  private final JournalFile journal;
  private long files;
  private long bytes;
  private long linked;

  Backup(Path data, JournalFile journal) {
    this.data = data;
    this.journal = journal;
  }

  /**
   * What a backup holds.
   *
   * @param folder the backup
   * @param files the number of files
   * @param bytes their size, also of those that share their room with the data folder
   * @param linked how many files are hard links
   */
  public record Summary(Path folder, long files, long bytes, long linked) {}

  /** Whether the folder is a backup on which no server has been started yet. */
  static boolean isUnused(Path folder) {
    return Files.exists(folder.resolve(MARKER));
  }

  /** Records that a server has begun a new history on this backup. */
  static void markUsed(Path folder) throws StoreRefusedException {
    try {
      Files.move(
          folder.resolve(MARKER),
          folder.resolve(USED_MARKER),
          StandardCopyOption.REPLACE_EXISTING,
          StandardCopyOption.ATOMIC_MOVE);
      force(folder);
    } catch (IOException e) {
      throw new StoreRefusedException(
          "PARLEY_DATA_DIR: cannot rename " + MARKER + " in " + folder + " (" + reason(e) + ")", e);
    }
  }

  Summary write(Path target) throws IOException {
    Path parent = target.toAbsolutePath().getParent();
    if (parent == null || !Files.isDirectory(parent)) {
      throw new NoSuchFileException(String.valueOf(parent));
    }
    if (Files.exists(target)) {
      throw new FileAlreadyExistsException(target.toString());
    }
    removeAbandoned(parent);
    Path unfinished = parent.resolve(UNFINISHED_PREFIX + target.getFileName());
    // Fails if another process makes a backup of the same name.
    Files.createDirectory(unfinished);
    try {
      DataFolder.restrictToOwner(unfinished);
      for (String folder : LINKED_FOLDERS) {
        copyFolder(folder, unfinished, true);
      }
      try {
        journal.copyTo(unfinished.resolve("journal"));
      } catch (IllegalStateException e) {
        throw new IOException(String.valueOf(rootMessage(e)), e);
      }
      count(unfinished.resolve("journal"));
      copyFolder(NODE_CERTIFICATES, unfinished, false);
      copyFiles(unfinished);
      writeMarker(unfinished);
      forceAll(unfinished);
      Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
      force(parent);
    } catch (IOException | RuntimeException e) {
      removeQuietly(unfinished, e);
      throw e;
    }
    return new Summary(target, files, bytes, linked);
  }

  /** Copies or links a folder and everything in it, except for unfinished files. */
  private void copyFolder(String name, Path into, boolean link) throws IOException {
    Path source = data.resolve(name);
    if (!Files.isDirectory(source)) {
      return;
    }
    Path copy = into.resolve(name);
    Files.walkFileTree(
        source,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes)
              throws IOException {
            Path made = copy.resolve(source.relativize(folder).toString());
            Files.createDirectory(made);
            DataFolder.restrictToOwner(made);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            boolean finished = !String.valueOf(file.getFileName()).startsWith(UNFINISHED_PREFIX);
            if (attributes.isRegularFile() && finished) {
              copyFile(file, copy.resolve(source.relativize(file).toString()), link);
            }
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** Copies the files of the data folder itself: the keys and the number of shards. */
  private void copyFiles(Path into) throws IOException {
    try (DirectoryStream<Path> all = Files.newDirectoryStream(data)) {
      for (Path file : all) {
        String name = String.valueOf(file.getFileName());
        boolean wanted = !List.of("lock", MARKER, USED_MARKER).contains(name);
        if (wanted && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
          copyFile(file, into.resolve(name), false);
        }
      }
    }
  }

  private void copyFile(Path file, Path copy, boolean link) throws IOException {
    if (!link || !tryLink(file, copy)) {
      Files.copy(file, copy, StandardCopyOption.COPY_ATTRIBUTES);
      force(copy);
    } else {
      linked++;
    }
    files++;
    bytes += Files.size(copy);
  }

  /** Links the file. Returns false if the file system does not allow it. */
  private static boolean tryLink(Path file, Path link) throws IOException {
    try {
      Files.createLink(link, file);
      return true;
    } catch (NoSuchFileException | FileAlreadyExistsException e) {
      throw e;
    } catch (FileSystemException | UnsupportedOperationException e) {
      return false; // another disk, or a file system without links: the file is copied
    }
  }

  private void count(Path folder) throws IOException {
    try (var all = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
        files++;
        bytes += Files.size(file);
        if (file.toString().endsWith(".sst")) {
          linked++;
        }
      }
    }
  }

  private void writeMarker(Path folder) throws IOException {
    ObjectNode marker =
        JSON.createObjectNode()
            .put("format", 1)
            .put("made_at", Instant.now().toString())
            .put("epoch", journal.epoch())
            .put("files", files)
            .put("bytes", bytes);
    Path file = folder.resolve(MARKER);
    Files.writeString(file, marker.toPrettyString() + "\n", StandardOpenOption.CREATE_NEW);
    force(file);
  }

  private static void forceAll(Path folder) throws IOException {
    try (var all = Files.walk(folder)) {
      for (Path path : (Iterable<Path>) all::iterator) {
        if (Files.isDirectory(path) || path.startsWith(folder.resolve("journal"))) {
          force(path);
        }
      }
    }
  }

  /** Forces a file, or the names in a folder, to the disk. */
  private static void force(Path path) throws IOException {
    if (Files.isDirectory(path) && java.io.File.separatorChar == '\\') {
      return; // Windows cannot, and need not, force a folder.
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static void removeAbandoned(Path parent) throws IOException {
    Instant before = Instant.now().minus(UNFINISHED_MAX_AGE);
    try (DirectoryStream<Path> found =
        Files.newDirectoryStream(parent, UNFINISHED_PREFIX + "parley-*")) {
      for (Path folder : found) {
        if (Files.getLastModifiedTime(folder).toInstant().isBefore(before)) {
          remove(folder);
        }
      }
    }
  }

  private static void removeQuietly(Path folder, Exception because) {
    try {
      remove(folder);
    } catch (IOException e) {
      because.addSuppressed(e);
    }
  }

  private static void remove(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static @Nullable String rootMessage(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause.getMessage();
  }

  private static String reason(IOException e) {
    return e.getClass().getSimpleName();
  }
}
