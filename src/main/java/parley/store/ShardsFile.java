package parley.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** The number of shards of an embedded store: a line of text in the data folder. */
final class ShardsFile {
  private static final String NAME = "shards";

  private final Path path;

  ShardsFile(Path folder) {
    this.path = folder.resolve(NAME);
  }

  /** The number, or -1 if there is no file. */
  int read() throws StoreRefusedException {
    try {
      int number = Integer.parseInt(Files.readString(path).strip());
      if (number >= 0) {
        return number;
      }
    } catch (NoSuchFileException e) {
      return -1;
    } catch (IOException e) {
      throw refused("cannot be read", e);
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw refused("is no number", null);
  }

  /** Writes the number atomically, also through a power failure. */
  void write(int number) throws StoreRefusedException {
    Path made = path.resolveSibling(NAME + ".new");
    try {
      Files.writeString(
          made,
          number + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.TRUNCATE_EXISTING,
          StandardOpenOption.WRITE,
          StandardOpenOption.SYNC);
      Files.move(made, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      try (FileChannel folder = FileChannel.open(path.toAbsolutePath().getParent())) {
        folder.force(true);
      } catch (IOException e) {
        // Not every platform can force a folder to the disk.
      }
    } catch (IOException e) {
      throw refused("cannot be written", e);
    }
  }

  private StoreRefusedException refused(
      String why, @org.jspecify.annotations.Nullable IOException e) {
    String message = "PARLEY_DATA_DIR: the number of shards in " + path + " " + why;
    return e == null
        ? new StoreRefusedException(message)
        : new StoreRefusedException(message + " (" + e.getClass().getSimpleName() + ")", e);
  }
}
