package parley.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
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

  private OldJournal() {}

  /**
   * Copies the journal of the data folder where there is an old one and no new one. Blocks.
   *
   * @param journal where the new one is to be
   */
  static void takeOver(Path data, Path journal) throws SQLException, IOException, RocksDBException {
    Path old = data.resolve(FILE);
    if (!Files.exists(old)) {
      return;
    }
    if (!Files.exists(journal)) {
      Path copy = data.resolve("journal.new");
      remove(copy);
      copy(old, copy);
      DataFolder.ownerOnly(copy);
      Files.move(copy, journal, StandardCopyOption.ATOMIC_MOVE);
    }
    Files.move(old, data.resolve(KEPT), StandardCopyOption.ATOMIC_MOVE);
  }

  private static void copy(Path old, Path to) throws SQLException, RocksDBException {
    String base = old.toString().substring(0, old.toString().length() - ".mv.db".length());
    String url = "jdbc:h2:file:" + base + ";IFEXISTS=TRUE;TRACE_LEVEL_FILE=0";
    long events;
    long snapshots;
    try (Connection connection = DriverManager.getConnection(url, "sa", "");
        Statement statement = connection.createStatement();
        JournalFile file = JournalFile.open(to)) {
      // The plugin keeps the last event of an entity, marked, so that its number is not given
      // again.
      try (ResultSet rows =
          statement.executeQuery(
              "select \"persistence_id\", max(\"sequence_number\") from \"event_journal\""
                  + " where \"deleted\" = true group by \"persistence_id\"")) {
        while (rows.next()) {
          file.mark(rows.getString(1), rows.getLong(2));
        }
      }
      try (ResultSet rows =
          statement.executeQuery(
              "select * from \"event_journal\" where \"deleted\" = false order by \"ordering\"")) {
        for (events = 0; rows.next(); events++) {
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
      try (ResultSet rows = statement.executeQuery("select * from \"snapshot\"")) {
        for (snapshots = 0; rows.next(); snapshots++) {
          file.takeSnapshot(
              rows.getString("persistence_id"),
              rows.getLong("sequence_number"),
              rows.getInt("snapshot_ser_id"),
              rows.getLong("created"),
              rows.getString("snapshot_ser_manifest"),
              rows.getBytes("snapshot_payload"));
        }
      }
      file.sync();
    }
    LOG.info("took over {} events and {} snapshots of {}", events, snapshots, FILE);
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
