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
 * Writes one row at intervals, to check that the journal can be written. After a write that failed
 * (a full disk) the embedded journal accepts no more writes; every user would get {@code
 * unavailable} until an operator notices. So after {@value #MAX_FAILURES} failures in a row this
 * class reports the failure once, and the program ends; its supervisor starts it again. The watch
 * has a thread of its own, because the write may hang.
 */
public final class StoreWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StoreWatch.class);
  private static final int MAX_FAILURES = 3;
  private static final int MAX_CAUSE_DEPTH = 20;

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
   * @param write writes a row; throws if it cannot
   * @param every the interval
   * @param onBroken called at most once, with the reason, when the store will not recover
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
    } catch (Throwable e) { // an Error would end the watch silently
      failures++;
      String why = reason(e);
      LOG.error("The journal cannot be written ({} of {}): {}", failures, MAX_FAILURES, why);
      if (failures >= MAX_FAILURES) {
        thread.shutdown();
        onBroken.accept(why);
      }
    }
  }

  /** The message of the root cause in one line, usually from the operating system. */
  private static String reason(Throwable e) {
    Throwable root = e;
    for (int depth = 0; root.getCause() != null && depth < MAX_CAUSE_DEPTH; depth++) {
      root = root.getCause();
    }
    String why = root.getMessage();
    return why == null ? root.toString() : why.lines().findFirst().orElse("");
  }
}
