package parley.archive;

import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.jspecify.annotations.Nullable;

/**
 * Lets so many in at the same time, lets so many more wait in order, and turns the rest away at
 * once. Safe from any thread; nobody is kept waiting in it.
 */
final class Turnstile {
  private final String what;
  private final int most;
  private final int mostWaiting;
  private final ArrayDeque<Turn> waiting = new ArrayDeque<>();
  private int inside;

  Turnstile(String what, int most, int mostWaiting) {
    this.what = what;
    this.most = most;
    this.mostWaiting = mostWaiting;
  }

  /** One who came. Must {@link #leave} some time, whatever became of it. */
  final class Turn {
    private final CompletableFuture<Done> granted = new CompletableFuture<>();
    private boolean isInside;
    private boolean hasLeft;

    /** Completes when it may go in; fails with {@link ColdUnavailable} where it was turned away. */
    CompletionStage<Done> granted() {
      return granted;
    }

    /** Gives its place, or its place in the queue, to the next. May be called again. */
    void leave() {
      left(this);
    }
  }

  Turn enter() {
    Turn turn = new Turn();
    boolean full = false;
    synchronized (this) {
      if (inside < most) {
        inside++;
        turn.isInside = true;
      } else if (waiting.size() < mostWaiting) {
        waiting.add(turn);
      } else {
        turn.hasLeft = true;
        full = true;
      }
    }
    if (full) {
      turn.granted.completeExceptionally(new ColdUnavailable("too many cold " + what, null));
    } else if (turn.isInside) {
      turn.granted.complete(Done.getInstance());
    }
    return turn;
  }

  private void left(Turn turn) {
    Turn next = null;
    synchronized (this) {
      if (turn.hasLeft) {
        return;
      }
      turn.hasLeft = true;
      if (turn.isInside) {
        next = nextInside();
      } else {
        waiting.remove(turn);
      }
    }
    if (next != null) {
      // Not under the lock: it runs what the next one does.
      next.granted.complete(Done.getInstance());
    }
  }

  private @Nullable Turn nextInside() {
    Turn next = waiting.poll();
    if (next == null) {
      inside--;
    } else {
      next.isInside = true;
    }
    return next;
  }

  synchronized int waiting() {
    return waiting.size();
  }
}
