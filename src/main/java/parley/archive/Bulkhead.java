package parley.archive;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.jspecify.annotations.Nullable;

/**
 * Limits concurrent work: admits a number of callers at the same time, lets a number of others wait
 * in order, and rejects the rest at once. Thread-safe; no thread blocks in it.
 *
 * <p>A caller may act for a name (a user). Of one name, one caller is admitted at a time, and
 * {@value #EACH} at most wait; waiting callers of other names pass them. So no user occupies more
 * than one place, however much is asked in the name of that user.
 */
final class Bulkhead {
  /** Maximum number of waiting callers of one name. */
  static final int EACH = 4;

  private final String what;
  private final int most;
  private final int mostWaiting;
  private final ArrayDeque<Turn> waiting = new ArrayDeque<>();

  /** The names of the admitted callers. */
  private final Set<String> present = new HashSet<>();

  private int inside;

  Bulkhead(String what, int most, int mostWaiting) {
    this.what = what;
    this.most = most;
    this.mostWaiting = mostWaiting;
  }

  /** One caller. It must {@link #leave} in the end, whatever the outcome. */
  final class Turn {
    private final CompletableFuture<Done> granted = new CompletableFuture<>();
    private final @Nullable String name;
    private boolean isInside;
    private boolean hasLeft;

    private Turn(@Nullable String name) {
      this.name = name;
    }

    /**
     * Completes when the caller is admitted. Fails with {@link ColdUnavailable} if it is rejected.
     */
    CompletionStage<Done> granted() {
      return granted;
    }

    /**
     * Frees the caller's place, or its place in the queue, for the next one. May be called again.
     */
    void leave() {
      left(this);
    }
  }

  /** Enters without a name. */
  Turn enter() {
    return enter(null);
  }

  /**
   * Enters for a name.
   *
   * @param name the name, or null for none
   */
  Turn enter(@Nullable String name) {
    Turn turn = new Turn(name);
    boolean full = false;
    synchronized (this) {
      if (inside < most && (name == null || !present.contains(name))) {
        inside++;
        goIn(turn);
      } else if (waiting.size() < mostWaiting && waitingFor(name) < EACH) {
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
        if (turn.name != null) {
          present.remove(turn.name);
        }
        next = nextInside();
      } else {
        waiting.remove(turn);
      }
    }
    if (next != null) {
      // Outside the lock, because it runs code of the next caller.
      next.granted.complete(Done.getInstance());
    }
  }

  private void goIn(Turn turn) {
    turn.isInside = true;
    if (turn.name != null) {
      present.add(turn.name);
    }
  }

  private long waitingFor(@Nullable String name) {
    return name == null ? 0 : waiting.stream().filter(one -> name.equals(one.name)).count();
  }

  /** Admits the first waiting caller that may take the free place. */
  private @Nullable Turn nextInside() {
    for (Iterator<Turn> all = waiting.iterator(); all.hasNext(); ) {
      Turn next = all.next();
      if (next.name == null || !present.contains(next.name)) {
        all.remove();
        goIn(next);
        return next;
      }
    }
    inside--;
    return null;
  }

  synchronized int waiting() {
    return waiting.size();
  }
}
