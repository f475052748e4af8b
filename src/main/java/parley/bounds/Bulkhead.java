package parley.bounds;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;

/**
 * Limits concurrent work: admits a number of callers at the same time, lets a number of others wait
 * in order, and rejects the rest at once. Thread-safe; no thread blocks in it.
 *
 * <p>A caller may act for a name (a user). Of one name, one caller is admitted at a time, and
 * {@value #MAX_WAITING_OF_NAME} at most wait; waiting callers of other names pass them. So no user
 * occupies more than one place, however much is asked in the name of that user.
 */
public final class Bulkhead {
  /** Maximum number of waiting callers of one name. */
  public static final int MAX_WAITING_OF_NAME = 4;

  private final Supplier<? extends RuntimeException> whenFull;
  private final int maxAdmitted;
  private final int maxWaiting;
  private final ArrayDeque<Permit> waiting = new ArrayDeque<>();

  /** The names of the admitted callers. */
  private final Set<String> admittedNames = new HashSet<>();

  private int admittedCount;

  /**
   * An empty bulkhead.
   *
   * @param admitted maximum number of admitted callers
   * @param waiting maximum number of waiting callers
   * @param whenFull makes the failure of a caller that is rejected
   */
  public Bulkhead(int admitted, int waiting, Supplier<? extends RuntimeException> whenFull) {
    this.whenFull = whenFull;
    this.maxAdmitted = admitted;
    this.maxWaiting = waiting;
  }

  /** One caller. It must {@link #release} in the end, whatever the outcome. */
  public final class Permit {
    private final CompletableFuture<Done> granted = new CompletableFuture<>();
    private final @Nullable String name;
    private boolean isAdmitted;
    private boolean isReleased;

    private Permit(@Nullable String name) {
      this.name = name;
    }

    /** Completes when the caller is admitted, and fails if it is rejected. */
    public CompletionStage<Done> granted() {
      return granted;
    }

    /**
     * Frees the caller's place, or its place in the queue, for the next one. May be called again.
     */
    public void release() {
      releasePermit(this);
    }
  }

  /** Enters without a name. */
  public Permit enter() {
    return enter(null);
  }

  /**
   * Enters for a name.
   *
   * @param name the name, or null for none
   */
  public Permit enter(@Nullable String name) {
    Permit permit = new Permit(name);
    boolean full = false;
    synchronized (this) {
      if (admittedCount < maxAdmitted && (name == null || !admittedNames.contains(name))) {
        admittedCount++;
        admit(permit);
      } else if (waiting.size() < maxWaiting && waitingFor(name) < MAX_WAITING_OF_NAME) {
        waiting.add(permit);
      } else {
        permit.isReleased = true;
        full = true;
      }
    }
    if (full) {
      permit.granted.completeExceptionally(whenFull.get());
    } else if (permit.isAdmitted) {
      permit.granted.complete(Done.getInstance());
    }
    return permit;
  }

  /**
   * A source that runs when it is admitted, and frees its place however it ends. It fails if it is
   * rejected.
   *
   * @param name as in {@link #enter(String)}
   */
  public <T> Source<T, NotUsed> admit(@Nullable String name, Source<T, NotUsed> source) {
    return Source.lazySource(
            () -> {
              Permit permit = enter(name);
              return Source.completionStage(permit.granted())
                  .flatMapConcat(granted -> source)
                  .watchTermination(
                      (ignored, ended) -> {
                        var unused = ended.whenComplete((done, failure) -> permit.release());
                        return NotUsed.getInstance();
                      });
            })
        .mapMaterializedValue(ignored -> NotUsed.getInstance());
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

  /** The number of waiting callers. */
  public synchronized int waiting() {
    return waiting.size();
  }
}
