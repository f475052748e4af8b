package parley.store;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes one row now and then, to know that the journal can be written. After a write that failed
 * (a full disk) the embedded journal takes no more; every user would get {@code unavailable} until
 * somebody looks. So after {@value #MOST_FAILURES} failures in a row this says so once, and the
 * program ends, to be started anew by its supervisor. Has a thread of its own: what it waits for
 * may be stuck.
 */
public final class StoreWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StoreWatch.class);
  private static final int MOST_FAILURES = 3;
  private static final int MOST_CAUSES = 20;

  private final Runnable write;
  private final Consumer<String> onBroken;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("store-watch").factory());
  private int failures;

  private StoreWatch(Runnable write, Consumer<String> onBroken) {
    this.write = write;
    this.onBroken = onBroken;
  }

  /**
   * Starts to watch.
   *
   * @param write writes something; throws where it cannot
   * @param every how often
   * @param onBroken called at most once, with the reason, when the store will not come back
   */
  public static StoreWatch start(Runnable write, Duration every, Consumer<String> onBroken) {
    StoreWatch watch = new StoreWatch(write, onBroken);
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
    try {
      write.run();
      failures = 0;
    } catch (Throwable e) { // an Error would end the watch without a word
      failures++;
      String why = reason(e);
      LOG.error("The journal cannot be written ({} of {}): {}", failures, MOST_FAILURES, why);
      if (failures >= MOST_FAILURES) {
        thread.shutdown();
        onBroken.accept(why);
      }
    }
  }

  /** What the operating system said, in one line, where it said something. */
  private static String reason(Throwable e) {
    Throwable root = e;
    for (int depth = 0; root.getCause() != null && depth < MOST_CAUSES; depth++) {
      root = root.getCause();
    }
    String why = root.getMessage();
    return why == null ? root.toString() : why.lines().findFirst().orElse("");
  }
}
