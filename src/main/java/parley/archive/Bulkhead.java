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
  private final int maxAdmitted;
  private final int maxWaiting;
  private final ArrayDeque<Permit> waiting = new ArrayDeque<>();

  /** The names of the admitted callers. */
  private final Set<String> admittedNames = new HashSet<>();

  private int admittedCount;

  Bulkhead(String what, int most, int mostWaiting) {
    this.what = what;
    this.maxAdmitted = most;
    this.maxWaiting = mostWaiting;
  }

  /** One caller. It must {@link #release} in the end, whatever the outcome. */
  final class Permit {
    private final CompletableFuture<Done> granted = new CompletableFuture<>();
    private final @Nullable String name;
    private boolean isAdmitted;
    private boolean isReleased;

    private Permit(@Nullable String name) {
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
    void release() {
      releasePermit(this);
    }
  }

  /** Enters without a name. */
  Permit enter() {
    return enter(null);
  }

  /**
   * Enters for a name.
   *
   * @param name the name, or null for none
   */
  Permit enter(@Nullable String name) {
    Permit permit = new Permit(name);
    boolean full = false;
    synchronized (this) {
      if (admittedCount < maxAdmitted && (name == null || !admittedNames.contains(name))) {
        admittedCount++;
        admit(permit);
      } else if (waiting.size() < maxWaiting && waitingFor(name) < EACH) {
        waiting.add(permit);
      } else {
        permit.isReleased = true;
        full = true;
      }
    }
    if (full) {
      permit.granted.completeExceptionally(new ColdUnavailable("too many cold " + what, null));
    } else if (permit.isAdmitted) {
      permit.granted.complete(Done.getInstance());
    }
    return permit;
  }

  private void releasePermit(Permit permit) {
    Permit next = null;
    synchronized (this) {
      if (permit.isReleased) {
        return;
      }
      permit.isReleased = true;
      if (permit.isAdmitted) {
        if (permit.name != null) {
          admittedNames.remove(permit.name);
        }
        next = admitNext();
      } else {
        waiting.remove(permit);
      }
    }
    if (next != null) {
      // Outside the lock, because it runs code of the next caller.
      next.granted.complete(Done.getInstance());
    }
  }

  private void admit(Permit permit) {
    permit.isAdmitted = true;
    if (permit.name != null) {
      admittedNames.add(permit.name);
    }
  }

  private long waitingFor(@Nullable String name) {
    return name == null ? 0 : waiting.stream().filter(one -> name.equals(one.name)).count();
  }

  /** Admits the first waiting caller that may take the free place. */
  private @Nullable Permit admitNext() {
    for (Iterator<Permit> all = waiting.iterator(); all.hasNext(); ) {
      Permit next = all.next();
      if (next.name == null || !admittedNames.contains(next.name)) {
        all.remove();
        admit(next);
        return next;
      }
    }
    admittedCount--;
    return null;
  }

  synchronized int waiting() {
    return waiting.size();
  }
}
