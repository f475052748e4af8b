package parley.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.journal.JournalFile;

/**
 * Takes over the journal of a version that kept it in H2 ({@code journal.mv.db}, the tables of
 * pekko-persistence-jdbc). It is copied into a folder of its own, forced to the disk, and that
 * folder gets the journal's name; only then is the old file renamed. Cut anywhere, the next start
 * finds either the old journal whole or the new one whole. The old file is kept.
 */
final class OldJournal {
  private static final Logger LOG = LoggerFactory.getLogger(OldJournal.class);
  private static final String FILE = "journal.mv.db";
  private static final String KEPT = "journal.mv.db.taken-over";

  /**
   * Rows read at a time: of events at most 64 KiB each, of snapshots a few megabytes at the worst.
   */
  private static final int PAGE = 50;

  private OldJournal() {}

  /**
   * Copies the journal of the data folder where there is an old one and no new one. Blocks.
   *
   * @param journal where the new one is to be
   * @throws IllegalStateException where an older version was used again afterwards, or the new
   *     journal is gone: which of them counts is not for a program to say
   */
  static void takeOver(Path data, Path journal) throws SQLException, IOException, RocksDBException {
    Path old = data.resolve(FILE);
    Path kept = data.resolve(KEPT);
    if (Files.exists(kept) && (Files.exists(old) || !Files.exists(journal))) {
      throw new IllegalStateException(
          Files.exists(old)
              ? FILE + " was written by an older version after " + KEPT + " had been taken over"
              : KEPT + " was taken over, and what it became is gone");
    }
    if (!Files.exists(old)) {
      return;
    }
    if (!Files.exists(journal)) {
      Path copy = data.resolve("journal.new");
      remove(copy);
      copy(old, copy);
      DataFolder.ownerOnly(copy);
      Files.move(copy, journal, StandardCopyOption.ATOMIC_MOVE);
      force(data);
    }
    Files.move(old, kept, StandardCopyOption.ATOMIC_MOVE);
  }

  /** The renaming is on the disk before the next one begins. */
  private static void force(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (AccessDeniedException e) {
      LOG.debug("this system does not open folders; it orders renames by itself");
    }
  }

  private static void copy(Path old, Path to) throws SQLException, RocksDBException {
    String base = old.toString().substring(0, old.toString().length() - ".mv.db".length());
    String url = "jdbc:h2:file:" + base + ";IFEXISTS=TRUE;TRACE_LEVEL_FILE=0";
    long events = 0;
    long snapshots = 0;
    try (Connection connection = DriverManager.getConnection(url, "sa", "");
        JournalFile file = JournalFile.open(to)) {
      // Without tables it was killed in its very first start, before it served anybody.
      if (hasTables(connection)) {
        marks(connection, file);
        events = events(connection, file);
        snapshots = snapshots(connection, file);
      }
      file.sync();
    }
    LOG.info("took over {} events and {} snapshots of {}", events, snapshots, FILE);
  }

  private static boolean hasTables(Connection connection) throws SQLException {
    try (ResultSet tables =
        connection.getMetaData().getTables(null, "PUBLIC", "event_journal", null)) {
      return tables.next();
    }
  }

  /** The plugin keeps the last event of an entity, marked, so that its number comes once. */
  private static void marks(Connection connection, JournalFile file) throws SQLException {
    try (PreparedStatement page =
        connection.prepareStatement(
            "select \"persistence_id\", max(\"sequence_number\") from \"event_journal\""
                + " where \"deleted\" = true and \"persistence_id\" > ?"
                + " group by \"persistence_id\" order by \"persistence_id\" limit "
                + PAGE)) {
      for (@Nullable String after = ""; after != null; ) {
        page.setString(1, after);
        after = null;
        try (ResultSet rows = page.executeQuery()) {
          while (rows.next()) {
            after = rows.getString(1);
            file.mark(after, rows.getLong(2));
          }
        }
      }
    }
  }

  private static long events(Connection connection, JournalFile file) throws SQLException {
    long count = 0;
    try (PreparedStatement page =
        connection.prepareStatement(
            "select * from \"event_journal\" where \"deleted\" = false and \"ordering\" > ?"
                + " order by \"ordering\" limit "
                + PAGE)) {
      long after = Long.MIN_VALUE;
      for (long before = -1; count > before; ) {
        before = count;
        page.setLong(1, after);
        try (ResultSet rows = page.executeQuery()) {
          for (; rows.next(); count++) {
            after = rows.getLong("ordering");
            file.takeEvent(
                rows.getString("persistence_id"),
                rows.getLong("sequence_number"),
                rows.getInt("event_ser_id"),
                rows.getLong("write_timestamp"),
                rows.getString("event_ser_manifest"),
                rows.getString("adapter_manifest"),
                rows.getString("writer"),
                rows.getBytes("event_payload"));
          }
        }
      }
    }
    return count;
  }

  private static long snapshots(Connection connection, JournalFile file) throws SQLException {
    long count = 0;
    try (PreparedStatement page =
        connection.prepareStatement(
            "select * from \"snapshot\""
                + " where (\"persistence_id\", \"sequence_number\") > (?, ?)"
                + " order by \"persistence_id\", \"sequence_number\" limit "
                + PAGE)) {
      String id = "";
      long number = Long.MIN_VALUE;
      for (long before = -1; count > before; ) {
        before = count;
        page.setString(1, id);
        page.setLong(2, number);
        try (ResultSet rows = page.executeQuery()) {
          for (; rows.next(); count++) {
            id = rows.getString("persistence_id");
            number = rows.getLong("sequence_number");
            file.takeSnapshot(
                id,
                number,
                rows.getInt("snapshot_ser_id"),
                rows.getLong("created"),
                rows.getString("snapshot_ser_manifest"),
                rows.getBytes("snapshot_payload"));
          }
        }
      }
    }
    return count;
  }

  private static void remove(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    List<Path> all;
    try (Stream<Path> found = Files.walk(folder)) {
      all = found.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path one : all) {
      Files.delete(one);
    }
  }
}
