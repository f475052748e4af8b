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
 * The name of a history that only grows. It changes when the end of the history may be gone: the
 * last process did not end in order, did not force its commits to the disk, and the operating
 * system has been started anew since.
 *
 * <p>Two rows of the default family, both forced to the disk when they are written: {@code epoch}
 * is the name; {@code running} is there from the opening to the end of an orderly close, and says
 * under which boot id and with which {@link JournalSync} the process wrote. Cut anywhere: the new
 * name and the new {@code running} are one write, so a start that was cut is repeated as a whole;
 * an end that was cut before {@code running} is gone counts as an unclean one. What an earlier life
 * left behind in the log RocksDB forces to the disk while it opens, so only the last life counts.
 */
final class Epoch {
  private static final Logger LOG = LoggerFactory.getLogger(Epoch.class);
  private static final byte[] NAME = "\0epoch".getBytes(StandardCharsets.UTF_8);
  private static final byte[] RUNNING = "\0running".getBytes(StandardCharsets.UTF_8);

  private Epoch() {}

  /** The name from now on. Notes that this process runs. */
  static String begin(RocksDB database, JournalOptions how) throws RocksDBException {
    String known = text(database.get(NAME));
    String last = text(database.get(RUNNING));
    boolean lost = last != null && mayHaveLost(last, how.boot());
    String name = known == null || lost ? UUID.randomUUID().toString() : known;
    if (known != null && lost) {
      LOG.warn(
          "The last process did not end in order and this machine has been started anew since, with"
              + " PARLEY_JOURNAL_SYNC=os: the last seconds may be lost. Clients are told to start"
              + " afresh (epoch {}).",
          name);
    }
    try (WriteBatch batch = new WriteBatch();
        WriteOptions forced = new WriteOptions().setSync(true)) {
      batch.put(NAME, name.getBytes(StandardCharsets.UTF_8));
      batch.put(RUNNING, running(how).getBytes(StandardCharsets.UTF_8));
      database.write(forced, batch);
    }
    return name;
  }

  /** All is stored and nothing follows. */
  static void end(RocksDB database) throws RocksDBException {
    database.flushWal(true);
    try (WriteOptions forced = new WriteOptions().setSync(true)) {
      database.delete(forced, RUNNING);
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
