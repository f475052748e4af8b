package parley.archive;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.pekko.Done;

/**
 * Lets changes pass, and refuses them while somebody needs an unchanged store. Thread-safe; nothing
 * blocks. As many changes wait as writers have at the same time, which their bulkhead bounds.
 */
final class ChangeGate {
  private CompletableFuture<Done> opened = CompletableFuture.completedFuture(Done.getInstance());
  private CompletableFuture<Done> quiet = CompletableFuture.completedFuture(Done.getInstance());
  private int running;

  /** The gate is closed; the change was not begun. */
  static final class ClosedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    ClosedException() {
      super("the cold tier is being copied", null, false, false);
    }
  }

  /** Completes when the gate is open; it may close again. Fails if that takes longer than this. */
  CompletionStage<Done> whenOpen(Duration most) {
    CompletableFuture<Done> wait;
    synchronized (this) {
      wait = opened;
    }
    return wait.isDone() ? wait : wait.copy().orTimeout(most.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Runs a change. Fails with {@link ClosedException} if the gate is closed. */
  <T> CompletionStage<T> change(Supplier<CompletionStage<T>> change) {
    synchronized (this) {
      if (!opened.isDone()) {
        return CompletableFuture.failedFuture(new ClosedException());
      }
      if (running++ == 0) {
        quiet = new CompletableFuture<>();
      }
    }
    return started(change).whenComplete((value, failure) -> ended());
  }

  /**
   * Closes the gate, waits until the running changes have ended, runs the work, and opens the gate
   * when the work has ended. Fails with an {@link IllegalStateException} if the gate is closed.
   */
  <T> CompletionStage<T> whileClosed(Supplier<CompletionStage<T>> work) {
    CompletableFuture<Done> opens = new CompletableFuture<>();
    CompletableFuture<Done> ended;
    synchronized (this) {
      if (!opened.isDone()) {
        return CompletableFuture.failedFuture(new IllegalStateException("is closed already"));
      }
      opened = opens;
      ended = quiet;
    }
    return ended
        .thenCompose(done -> started(work))
        .whenComplete((value, failure) -> opens.complete(Done.getInstance()));
  }

  private static <T> CompletionStage<T> started(Supplier<CompletionStage<T>> work) {
    try {
      return work.get();
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private void ended() {
    CompletableFuture<Done> last = null;
    synchronized (this) {
      if (--running == 0) {
        last = quiet;
      }
    }
    if (last != null) {
      last.complete(Done.getInstance());
    }
  }
}
