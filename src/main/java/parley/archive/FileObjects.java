package parley.archive;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * Objects as files in a folder, with the key as the path. A put writes the file under a temporary
 * name, forces it to the disk, renames it atomically, and forces its folder to the disk. So after a
 * crash or on a full disk an object exists as a whole or not at all.
 *
 * <p>All work runs on the given executor.
 */
final class FileObjects implements ObjectStore {
  /** The rights of new folders, if the file system has such rights. */
  private static final FileAttribute<?>[] OWNER_ONLY =
      FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
          ? new FileAttribute<?>[] {
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
          }
          : new FileAttribute<?>[0];

  /** The prefix of the names of temporary files. */
  private static final String TEMPORARY_PREFIX = ".unfinished-";

  /**
   * Age at which a temporary file is a leftover of a crash. The next put into its folder removes
   * it.
   */
  private static final Duration TEMPORARY_FILE_MAX_AGE = Duration.ofHours(1);

  private final Path root;
  private final Executor executor;

  FileObjects(Path root, Executor executor) {
    this.root = root;
    this.executor = executor;
  }

  @Override
  public CompletionStage<Done> put(String key, byte[] bytes, String contentType) {
    return run(
        () -> {
          Path file = root.resolve(key);
          Path folder = parentOf(file);
          makeFolder(folder);
          Path unfinished = folder.resolve(TEMPORARY_PREFIX + UUID.randomUUID());
          try {
            write(unfinished, bytes);
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
          } finally {
            Files.deleteIfExists(unfinished);
          }
          removeAbandoned(folder);
          forceFolder(folder);
          return Done.getInstance();
        });
  }

  private static void removeAbandoned(Path folder) throws IOException {
    Instant before = Instant.now().minus(TEMPORARY_FILE_MAX_AGE);
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, TEMPORARY_PREFIX + "*")) {
      for (Path file : files) {
        if (Files.getLastModifiedTime(file).toInstant().isBefore(before)) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  private static void write(Path file, byte[] bytes) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer rest = ByteBuffer.wrap(bytes);
      while (rest.hasRemaining()) {
        channel.write(rest);
      }
      channel.force(true);
    }
  }

  /**
   * Creates a folder and its missing parents, for their owner only, and forces each new name to the
   * disk.
   */
  private void makeFolder(Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      return;
    }
    if (folder.equals(root)) {
      // The parent folders are not ours: they get default rights.
      Files.createDirectories(parentOf(folder));
    } else {
      makeFolder(parentOf(folder));
    }
    try {
      Files.createDirectory(folder, OWNER_ONLY);
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(folder)) {
        throw e;
      }
      // Another thread was first.
    }
    forceFolder(parentOf(folder));
  }

  private static Path parentOf(Path file) throws IOException {
    Path folder = file.getParent();
    if (folder == null) {
      throw new NotDirectoryException(file.toString());
    }
    return folder;
  }

  /** Makes the names in a folder durable. Windows has no such operation, and needs none. */
  private static void forceFolder(Path folder) throws IOException {
    if (java.io.File.separatorChar == '\\') {
      return;
    }
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  @Override
  public CompletionStage<Optional<byte[]>> get(String key, int most) {
    return run(
        () -> {
          try (InputStream in = Files.newInputStream(root.resolve(key))) {
            byte[] bytes = in.readNBytes(most);
            if (in.read() >= 0) {
              throw new ColdDamaged(key + " has more than " + most + " bytes", null);
            }
            return Optional.of(bytes);
          } catch (NoSuchFileException e) {
            return Optional.empty();
          }
        });
  }

  /** Holds all names in memory at once: some hundred bytes for each segment of the conversation. */
  @Override
  public Source<String, NotUsed> list(String prefix) {
    return Source.lazyCompletionStage(() -> run(() -> keysWithPrefix(prefix)))
        .mapConcat(names -> names)
        .mapMaterializedValue(ignored -> NotUsed.getInstance());
  }

  private List<String> keysWithPrefix(String prefix) throws IOException {
    int slash = prefix.lastIndexOf('/');
    String folder = prefix.substring(0, slash + 1);
    String begin = prefix.substring(slash + 1);
    List<String> keys = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(root.resolve(folder))) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        if (name.startsWith(begin) && !name.startsWith(TEMPORARY_PREFIX)) {
          keys.add(folder + name);
        }
      }
    } catch (NoSuchFileException e) {
      return List.of();
    }
    Collections.sort(keys);
    return keys;
  }

  @Override
  public CompletionStage<Done> delete(String key) {
    return run(
        () -> {
          Path file = root.resolve(key);
          if (Files.deleteIfExists(file)) {
            forceFolder(parentOf(file));
          }
          return Done.getInstance();
        });
  }

  @Override
  public CompletionStage<Done> check() {
    return run(
        () -> {
          try {
            makeFolder(root);
            Path probe = root.resolve(TEMPORARY_PREFIX + UUID.randomUUID());
            write(probe, new byte[1]);
            Files.delete(probe);
            return Done.getInstance();
          } catch (IOException e) {
            throw new ColdRefused(
                "PARLEY_DATA_DIR: cannot write to "
                    + root
                    + " ("
                    + e.getClass().getSimpleName()
                    + ")",
                e);
          }
        });
  }

  private <T> CompletionStage<T> run(Callable<T> work) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return work.call();
          } catch (RuntimeException e) {
            throw e;
          } catch (Exception e) {
            throw new CompletionException(e);
          }
        },
        executor);
  }
}
