package parley.journal;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The name of the journal's history, which only grows. The name changes when the end of the history
 * may be lost: the journal was restored from a backup; or the last process did not shut down
 * cleanly, it did not force its commits to the disk, and the operating system has rebooted since.
 *
 * <p>Two rows of the default column family hold it. Both are forced to the disk when they are
 * written. {@code epoch} is the name. {@code running} exists from the opening of the journal to the
 * end of a clean shutdown, and records the boot id and the {@link JournalSync} of the writing
 * process.
 *
 * <p>A crash at any point is safe. The new name and the new {@code running} are one atomic write,
 * so an interrupted start is repeated as a whole. A shutdown that is interrupted before {@code
 * running} is deleted counts as unclean. RocksDB forces the log of earlier processes to the disk
 * when it opens, so only the last process counts.
 */
final class Epoch {
  private static final Logger LOG = LoggerFactory.getLogger(Epoch.class);
  private static final byte[] EPOCH_KEY = "\0epoch".getBytes(StandardCharsets.UTF_8);
  private static final byte[] RUNNING_KEY = "\0running".getBytes(StandardCharsets.UTF_8);

  private Epoch() {}

  /**
   * Returns the name from now on, and records that this process runs.
   *
   * @param restored whether the journal is a backup that a server opens for the first time
   */
  static String recordStart(RocksDB database, JournalOptions how, boolean restored)
      throws RocksDBException {
    String known = text(database.get(EPOCH_KEY));
    String last = text(database.get(RUNNING_KEY));
    boolean lost = last != null && mayHaveLost(last, how.boot());
    String name = known == null || lost || restored ? UUID.randomUUID().toString() : known;
    if (restored) {
      LOG.warn(
          "The data folder is a restored backup. Clients are told to start afresh (epoch {}).",
          name);
    } else if (known != null && lost) {
      LOG.warn(
          "The last process did not shut down cleanly and this machine has rebooted since, with"
              + " PARLEY_JOURNAL_SYNC=os: the last seconds may be lost. Clients are told to start"
              + " afresh (epoch {}).",
          name);
    }
    try (WriteBatch batch = new WriteBatch();
        WriteOptions forced = new WriteOptions().setSync(true)) {
      batch.put(EPOCH_KEY, name.getBytes(StandardCharsets.UTF_8));
      batch.put(RUNNING_KEY, running(how).getBytes(StandardCharsets.UTF_8));
      database.write(forced, batch);
    }
    return name;
  }

  /** Forces all commits to the disk and records a clean shutdown. No commit may follow. */
  static void recordCleanShutdown(RocksDB database) throws RocksDBException {
    database.flushWal(true);
    try (WriteOptions forced = new WriteOptions().setSync(true)) {
      database.delete(forced, RUNNING_KEY);
    }
  }

  private static String running(JournalOptions how) {
    return how.sync().name() + " " + how.boot().orElse("");
  }

  private static boolean mayHaveLost(String running, Optional<String> boot) {
    if (running.startsWith(JournalSync.ALWAYS.name())) {
      return false;
    }
    String then = running.substring(running.indexOf(' ') + 1);
    return then.isEmpty() || boot.isEmpty() || !then.equals(boot.get());
  }

  private static @Nullable String text(byte @Nullable [] value) {
    return value == null ? null : new String(value, StandardCharsets.UTF_8);
  }
}
