package parley.store;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.h2.api.ErrorCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes one row now and then, to know that the journal can be written. H2 closes itself after a
 * failed write (a full disk) and stays closed; every user would get {@code unavailable} until
 * somebody looks. So after a closed database, or {@value #MOST_FAILURES} failures in a row, this
 * says so once, and the program ends, to be started anew by its supervisor. Has a thread of its
 * own: what it waits for may be stuck.
 */
public final class StoreWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StoreWatch.class);
  private static final int MOST_FAILURES = 3;

  private final Path folder;
  private final Consumer<String> onBroken;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("store-watch").factory());
  private int failures;

  private StoreWatch(Path folder, Consumer<String> onBroken) {
    this.folder = folder;
    this.onBroken = onBroken;
  }

  /**
   * Starts to watch.
   *
   * @param every how often a row is written
   * @param onBroken called at most once, with the reason, when the store will not come back
   */
  public static StoreWatch start(Path folder, Duration every, Consumer<String> onBroken) {
    StoreWatch watch = new StoreWatch(folder, onBroken);
    long millis = every.toMillis();
    ScheduledFuture<?> unused =
        watch.thread.scheduleWithFixedDelay(watch::probe, millis, millis, TimeUnit.MILLISECONDS);
    return watch;
  }

  /** Stops watching; does not wait. */
  @Override
  public void close() {
    thread.shutdownNow();
  }

  private void probe() {
    try (Connection connection = EmbeddedStore.connect(folder);
        PreparedStatement write =
            connection.prepareStatement(
                "MERGE INTO PUBLIC.\"store_probe\" (\"id\", \"at\") VALUES (1, ?)")) {
      write.setLong(1, System.currentTimeMillis());
      write.executeUpdate();
      failures = 0;
    } catch (SQLException e) {
      failures++;
      LOG.error(
          "The journal cannot be written ({} of {}): {}", failures, MOST_FAILURES, e.getMessage());
      boolean closed = e.getErrorCode() == ErrorCode.DATABASE_IS_CLOSED;
      if (closed || failures >= MOST_FAILURES) {
        thread.shutdown();
        onBroken.accept(String.valueOf(e.getMessage()));
      }
    }
  }
}
