package parley.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import parley.store.EmbeddedStore;

/**
 * The floor of the store: rows like those of the journal into the program's own tables with its own
 * settings, by one thread and one prepared statement, so many to a commit. A process, so that it
 * has the program's core.
 */
public final class Appender {
  private static final String INSERT =
      "insert into \"event_journal\" (\"deleted\",\"persistence_id\",\"sequence_number\",\"writer\","
          + "\"write_timestamp\",\"adapter_manifest\",\"event_payload\",\"event_ser_id\","
          + "\"event_ser_manifest\") values (false,?,?,?,?,'',?,7601,'')";
  private static final int WRITERS = 200;
  private static final String WRITER = "7c1f6f70-0000-4000-8000-000000000000";

  private Appender() {}

  /** Folder, seconds for each size, bytes of a payload, sizes of batches with slashes between. */
  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    EmbeddedStore store = EmbeddedStore.open(folder);
    store.createTables();
    String url = store.config().getString("pekko-persistence-jdbc.shared-databases.slick.db.url");
    int seconds = Integer.parseInt(args[1]);
    byte[] payload = new byte[Integer.parseInt(args[2])];
    new Random(1).nextBytes(payload);
    String[] sizes = args[3].split("/", -1);
    System.out.println("batches " + sizes.length);
    try (Connection connection = DriverManager.getConnection(url, "sa", "")) {
      connection.setAutoCommit(false);
      try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
        long[] number = {0};
        append(connection, insert, payload, number, 50, Math.max(5, seconds)); // warms up
        for (String size : sizes) {
          int batch = Integer.parseInt(size);
          append(connection, insert, payload, number, batch, 1);
          long cpu = cpu();
          long before = number[0];
          double took = append(connection, insert, payload, number, batch, seconds);
          long events = number[0] - before;
          System.out.printf(
              Locale.ROOT,
              "batch %d %.1f %.2f%n",
              batch,
              events / took,
              (cpu() - cpu) / 1e3 / events);
        }
      }
    }
    store.close();
  }

  /** How many seconds it took. */
  private static double append(
      Connection connection,
      PreparedStatement insert,
      byte[] payload,
      long[] number,
      int batch,
      int seconds)
      throws SQLException {
    long start = System.nanoTime();
    while (System.nanoTime() - start < seconds * 1_000_000_000L) {
      for (int i = 0; i < batch; i++) {
        long n = number[0]++;
        insert.setString(1, "Conversation|bench-" + n % WRITERS);
        insert.setLong(2, n / WRITERS + 1);
        insert.setString(3, WRITER);
        insert.setLong(4, System.currentTimeMillis());
        insert.setBytes(5, payload);
        insert.addBatch();
      }
      insert.executeBatch();
      connection.commit();
    }
    return (System.nanoTime() - start) / 1e9;
  }

  private static long cpu() {
    @Nullable Object bean = ManagementFactory.getOperatingSystemMXBean();
    return bean instanceof OperatingSystemMXBean own ? own.getProcessCpuTime() : 0;
  }
}
