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
 * Lets so many in at the same time, lets so many more wait in order, and turns the rest away at
 * once. Safe from any thread; nobody is kept waiting in it.
 *
 * <p>Who comes for somebody is let in once at a time for the same one, and waits {@value #EACH}
 * times at most; those behind it that come for others pass it. So nobody has more than one place,
 * however much is asked in his name.
 */
final class Bulkhead {
  /** Most that wait in one name. */
  static final int EACH = 4;

  private final String what;
  private final int most;
  private final int mostWaiting;
  private final ArrayDeque<Turn> waiting = new ArrayDeque<>();

  /** Whose turn it is: at most as many as are inside. */
  private final Set<String> present = new HashSet<>();

  private int inside;

  Bulkhead(String what, int most, int mostWaiting) {
    this.what = what;
    this.most = most;
    this.mostWaiting = mostWaiting;
  }

  /** One who came. Must {@link #leave} some time, whatever became of it. */
  final class Turn {
    private final CompletableFuture<Done> granted = new CompletableFuture<>();
    private final @Nullable String name;
    private boolean isInside;
    private boolean hasLeft;

    private Turn(@Nullable String name) {
      this.name = name;
    }

    /** Completes when it may go in; fails with {@link ColdUnavailable} where it was turned away. */
    CompletionStage<Done> granted() {
      return granted;
    }

    /** Gives its place, or its place in the queue, to the next. May be called again. */
    void leave() {
      left(this);
    }
  }

  /** One that comes for nobody in particular. */
  Turn enter() {
    return enter(null);
  }

  /**
   * One that comes for somebody.
   *
   * @param name whose, or null for nobody's
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
      // Not under the lock: it runs what the next one does.
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

  /** A place is free: for the first that may go in. */
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
