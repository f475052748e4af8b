package parley.store;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import parley.journal.EmbeddedEvents;
import parley.journal.EmbeddedJournal;
import parley.journal.EmbeddedSnapshots;
import parley.journal.JournalFile;
import parley.journal.JournalSync;

/**
 * The store of a single node: RocksDB in this process, in the folder {@code journal} of the data
 * folder (package {@code parley.journal}). A folder in which an old version kept its journal in an
 * SQL file is refused. Otherwise an empty journal would begin beside it.
 */
public final class EmbeddedStore implements Store {
  private static final String JOURNAL = "journal";

  /**
   * The journal of a version before RocksDB, and the name of that file after a later version had
   * copied its content.
   */
  private static final String SQL_JOURNAL = "journal.mv.db";

  private static final String COPIED_SQL_JOURNAL = "journal.mv.db.taken-over";

  private final DataFolder folder;
  private @Nullable StoreWatch watch;
  private @Nullable JournalFile file;

  private EmbeddedStore(DataFolder folder) {
    this.folder = folder;
  }

  /**
   * Creates and locks the folder. {@link #openJournal()} opens the journal later, after everything
   * else that can fail has been checked.
   *
   * @throws StoreRefusedException if it cannot be created or written, or another process uses it
   */
  public static EmbeddedStore open(Path folder) throws StoreRefusedException {
    return new EmbeddedStore(DataFolder.open(folder));
  }

  /** The data folder, absolute. */
  public Path folder() {
    return folder.path();
  }

  /**
   * As {@link #openJournal(JournalSync)}; the operating system decides when commits are forced to
   * the disk.
   */
  public void openJournal() throws StoreRefusedException {
    openJournal(JournalSync.OS);
  }

  /**
   * Opens the journal, and creates it if it is missing. A data folder that is a restored {@link
   * Backup} begins a new history: its epoch changes. Blocks; call it before the actor system
   * starts.
   *
   * @param sync when commits are forced to the disk
   * @throws StoreRefusedException if it cannot be opened or is not a journal of this version or an
   *     older one
   */
  public void openJournal(JournalSync sync) throws StoreRefusedException {
    boolean restored = Backup.isUnused(folder.path());
    openJournal(sync, restored);
    if (restored) {
      Backup.markUsed(folder.path());
    }
  }

  /**
   * As {@link #openJournal(JournalSync)}, for a command that checks or repairs what is stored: a
   * backup stays one.
   */
  public void openJournalForCommand(JournalSync sync) throws StoreRefusedException {
    openJournal(sync, false);
  }

  private void openJournal(JournalSync sync, boolean restored) throws StoreRefusedException {
    Path path = folder.path().resolve(JOURNAL);
    refuseSqlJournal(path);
    try {
      Path library = folder.path().resolve("native");
      JournalFile.loadLibrary(library);
      DataFolder.restrictToOwner(library);
      file = restored ? JournalFile.openRestored(path, sync) : JournalFile.open(path, sync);
      DataFolder.restrictToOwner(path);
    } catch (RocksDBException | IOException | RuntimeException e) {
      throw new StoreRefusedException(
          "PARLEY_DATA_DIR: cannot open the journal in "
              + folder.path()
              + " ("
              + firstLine(e)
              + ")",
          e);
    }
  }

  private void refuseSqlJournal(Path journal) throws StoreRefusedException {
    Path data = folder.path();
    boolean taken = Files.exists(data.resolve(COPIED_SQL_JOURNAL)) && !Files.exists(journal);
    if (taken || Files.exists(data.resolve(SQL_JOURNAL))) {
      throw new StoreRefusedException(
          "PARLEY_DATA_DIR: "
              + (taken ? COPIED_SQL_JOURNAL : SQL_JOURNAL)
              + " in "
              + data
              + " was written by a version that kept its journal in an SQL file, which this one"
              + " cannot read: start a version that takes it over first, or move it away to begin"
              + " with an empty journal");
    }
  }

  @Override
  public Config config() {
    Map<String, Object> places = new HashMap<>();
    for (String plugin :
        new String[] {EmbeddedJournal.PLUGIN, EmbeddedSnapshots.PLUGIN, EmbeddedEvents.PLUGIN}) {
      places.put(plugin + ".folder", folder.path().resolve(JOURNAL).toString());
    }
    return ConfigFactory.parseMap(places, "embedded store in " + folder.path());
  }

  @Override
  public String readJournal() {
    return EmbeddedEvents.PLUGIN;
  }

  @Override
  public String epoch() {
    return journal().epoch();
  }

  @Override
  public Stream<String> persistenceIds(String prefix) {
    return journal().persistenceIds(prefix);
  }

  @Override
  public void watch(Duration every, Consumer<String> onBroken) {
    watch = StoreWatch.start(journal()::probe, every, onBroken);
  }

  @Override
  public int shardsOrChanging(int ifNew, int ifOlderVersion) throws StoreRefusedException {
    ShardsFile kept = new ShardsFile(folder.path());
    int shards = kept.read();
    if (shards < 0) {
      shards = journal().persistenceIds("").findAny().isPresent() ? ifOlderVersion : ifNew;
      kept.write(shards);
    }
    return shards;
  }

  @Override
  public boolean changeShards(int expected, int shards) throws StoreRefusedException {
    ShardsFile kept = new ShardsFile(folder.path());
    // There is no race: this process holds the lock of the folder.
    if (kept.read() != expected) {
      return false;
    }
    kept.write(shards);
    return true;
  }

  /**
   * Makes a backup of the data folder while the server runs; see {@link Backup}. Blocks, minutes if
   * files must be copied.
   *
   * @param target the folder of the backup; must not exist
   * @throws IOException if it cannot be written; then nothing is left of it
   */
  public Backup.Summary backup(Path target) throws IOException {
    return new Backup(folder.path(), journal()).write(target);
  }

  private JournalFile journal() {
    JournalFile open = file;
    if (open == null) {
      throw new IllegalStateException("the journal is not open");
    }
    return open;
  }

  @Override
  public void close() {
    if (watch != null) {
      watch.close();
    }
    if (file != null) {
      file.close();
      file = null;
    }
    folder.close();
  }

  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }
}
