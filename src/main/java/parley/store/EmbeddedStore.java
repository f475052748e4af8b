package parley.store;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The journal of a single node: H2 in this process, in the file {@code journal.mv.db} of the data
 * folder.
 *
 * <p><b>What a crash can cost.</b> H2 keeps a log-structured file: a commit appends a chunk, and a
 * header says which chunk is the newest whole one. By default it appends in the background, every
 * half second, and a process that dies loses what it had already acknowledged. {@code
 * WRITE_DELAY=0} appends before a commit returns. From then on the bytes are the operating
 * system's, so no death of the process loses them. They are not forced to the disk at each commit:
 * a power failure may cost the last seconds, never the file ({@code RETENTION_TIME}: chunks are not
 * overwritten until the newer ones have had 45 s to arrive).
 */
public final class EmbeddedStore implements Store {
  /** Plugin id of the read journal, for {@code CurrentEventsByPersistenceIdQuery}. */
  public static final String READ_JOURNAL = "jdbc-read-journal";

  private static final String USER = "sa";

  /** Names that are read at a time. */
  private static final int NAMES = 500;

  private final DataFolder folder;
  private @Nullable StoreWatch watch;
  private boolean opened;

  private EmbeddedStore(DataFolder folder) {
    this.folder = folder;
  }

  /**
   * Makes and locks the folder. The tables are made by {@link #createTables()}, when all else that
   * can be refused has been tried.
   *
   * @throws StoreRefusedException where it cannot be made or written, or another process has it
   */
  public static EmbeddedStore open(Path folder) throws StoreRefusedException {
    return new EmbeddedStore(DataFolder.open(folder));
  }

  /** The data folder, absolute. */
  public Path folder() {
    return folder.path();
  }

  /**
   * Makes the tables where they are missing. Blocks; belongs before the actor system.
   *
   * @throws StoreRefusedException where the file cannot be opened or is not ours
   */
  public void createTables() throws StoreRefusedException {
    opened = true;
    createTables(folder);
  }

  @Override
  public Config config() {
    return config(folder.path());
  }

  @Override
  public String readJournal() {
    return READ_JOURNAL;
  }

  @Override
  public Stream<String> persistenceIds(String prefix) {
    return Stream.iterate(
            names(prefix, prefix), page -> !page.isEmpty(), page -> names(prefix, page.getLast()))
        .flatMap(List::stream);
  }

  /** The next names after one, by steps over the primary key: whatever the length, nobody waits. */
  private List<String> names(String prefix, String after) {
    List<String> found = new ArrayList<>();
    try (Connection connection = connect(folder.path());
        PreparedStatement statement =
            connection.prepareStatement(
                "select \"persistence_id\" from \"event_journal\""
                    + " where \"persistence_id\" > ? and \"deleted\" = false"
                    + " order by \"persistence_id\", \"sequence_number\" limit 1")) {
      @Nullable String last = after;
      while (found.size() < NAMES) {
        statement.setString(1, last);
        try (ResultSet rows = statement.executeQuery()) {
          last = rows.next() ? rows.getString(1) : null;
        }
        if (last == null || !last.startsWith(prefix)) {
          break;
        }
        found.add(last);
      }
    } catch (SQLException e) {
      throw new IllegalStateException("the journal cannot be read", e);
    }
    return found;
  }

  @Override
  public void watch(Duration every, Consumer<String> onBroken) {
    watch = StoreWatch.start(folder.path(), every, onBroken);
  }

  @Override
  public void close() {
    if (watch != null) {
      watch.close();
    }
    if (opened) {
      close(folder.path());
    }
    folder.close();
  }

  /** The address of the database in that folder. */
  static String url(Path folder) {
    return "jdbc:h2:file:"
        + folder.toAbsolutePath().normalize().resolve("journal")
        // See above: nothing acknowledged is lost when the process dies.
        + ";WRITE_DELAY=0;RETENTION_TIME=45000"
        // Closed by our own shutdown, after the last actor has written; not beside it by a hook.
        + ";DB_CLOSE_ON_EXIT=FALSE;DB_CLOSE_DELAY=-1"
        // A few megabytes of pages, in KiB: entities are the cache, the store is read to wake them.
        + ";CACHE_SIZE=32768"
        // Failures reach us as exceptions; H2's own trace file would fill the disk that is full.
        + ";TRACE_LEVEL_FILE=0"
        // A reader beside a compaction waits rather than fails, in ms.
        + ";LOCK_TIMEOUT=10000";
  }

  /** The configuration that points the journal's plugins at that folder. */
  public static Config config(Path folder) {
    return ConfigFactory.parseMap(
        Map.of("pekko-persistence-jdbc.shared-databases.slick.db.url", url(folder)),
        "embedded store in " + folder);
  }

  /**
   * Makes the tables where they are missing. Blocks; belongs before the actor system.
   *
   * @throws StoreRefusedException where the file cannot be opened or is not ours
   */
  public static void createTables(DataFolder folder) throws StoreRefusedException {
    try {
      Files.deleteIfExists(folder.path().resolve("journal.trace.db"));
      // The database stays open in this process (DB_CLOSE_DELAY): the pool need not open it again.
      try (Connection connection = connect(folder.path());
          Statement statement = connection.createStatement()) {
        statement.execute(schema());
      }
    } catch (SQLException | IOException e) {
      throw new StoreRefusedException(
          "PARLEY_DATA_DIR: cannot open the journal in "
              + folder.path()
              + " ("
              + firstLine(e)
              + ")",
          e);
    }
  }

  /** Closes the database of that folder, if it is open here; all connections to it end. */
  public static void close(Path folder) {
    try (Connection connection = connect(folder);
        Statement statement = connection.createStatement()) {
      statement.execute("SHUTDOWN");
    } catch (SQLException e) {
      // Closed already, or broken: the file is whole as it stands, that is what it is made for.
    }
  }

  static Connection connect(Path folder) throws SQLException {
    return DriverManager.getConnection(url(folder), USER, "");
  }

  private static String schema() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(EmbeddedStore.class.getResourceAsStream("h2.sql"), "h2.sql")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }
}
