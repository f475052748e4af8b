package parley.conversation;

import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;
import parley.bounds.Bulkhead;
import parley.bounds.KeyedBuckets;
import parley.model.Refusal;
import parley.model.UserId;

/**
 * Limits what searches and counts of logs cost this node. Each user has a budget of entries that
 * searches may read on its behalf, so that repeated old ids cannot occupy a node: {@value
 * #MAX_ENTRIES} at once, then {@value #PER_SECOND} in a second. And {@value #TURNS} long scans of
 * journals run at the same time, one for each user. (The cold tier has turns of its own.)
 * Thread-safe.
 *
 * <p>Counts have turns and no budget: together they read each entry a few times at most ({@link
 * CursorMoves}).
 *
 * <p>Bounds: {@value #MAX_USERS} users with a budget that is not full, those that searched last. A
 * user that drops out has a full one again.
 */
public final class LogScans {
  static final int MAX_ENTRIES = 1_000_000;
  static final int PER_SECOND = 1_000;
  static final int TURNS = 2;

  /** Scans that wait for a turn, {@link Bulkhead#MAX_WAITING_OF_NAME} of one user at most. */
  static final int MAX_WAITING = 32;

  static final int MAX_USERS = 10_000;

  /** Time until the first entry of a scan, its wait for a turn included. */
  static final Duration FIRST_ENTRY = Duration.ofSeconds(10);

  /** Time for a whole scan, its wait for a turn included. */
  static final Duration LONGEST = Duration.ofSeconds(60);

  private final Runnable refusals;
  private final KeyedBuckets<UserId> budgets;
  private final Bulkhead turns =
      new Bulkhead(
          TURNS,
          MAX_WAITING,
          () ->
              new ScanRefused(Refusal.unavailable("too many searches and counts of old messages")));

  /** A scan that must not run now. Nothing is logged for it, because a client can cause it. */
  static final class ScanRefused extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final transient Refusal refusal;

    ScanRefused(Refusal refusal) {
      super(refusal.message(), null, false, false);
      this.refusal = refusal;
    }

    Refusal refusal() {
      return refusal;
    }
  }

  /**
   * The scans of a node.
   *
   * @param refusals is run for each search that is refused for its user's budget
   * @param nanos a clock that never goes back, nanoseconds
   */
  public LogScans(Runnable refusals, LongSupplier nanos) {
    this(refusals, nanos, MAX_ENTRIES);
  }

  /** With another budget. */
  LogScans(Runnable refusals, LongSupplier nanos, int entries) {
    this.refusals = refusals;
    this.budgets =
        new KeyedBuckets<>(entries, TimeUnit.SECONDS.toNanos(1) / PER_SECOND, MAX_USERS, nanos);
  }

  /**
   * Takes entries from the user's budget, at most a whole budget of them.
   *
   * @param wanted how many entries the search may read
   * @return null, or why the search must not run now
   */
  @Nullable ScanRefused take(UserId user, long wanted) {
    long wait = budgets.take(user, wanted);
    if (wait == 0) {
      return null;
    }
    refusals.run();
    return new ScanRefused(
        Refusal.rateLimited("client_msg_id: too many old ids were looked up", wait));
  }

  /** Gives back what a search did not read after all. */
  void giveBack(UserId user, long unread) {
    budgets.giveBack(user, unread);
  }

  /** Returns the refusal in a failure of a scan, or null if it failed for another reason. */
  static @Nullable Refusal refusalOf(@Nullable Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof ScanRefused refused ? refused.refusal() : null;
  }

  /** A long scan of a journal, which runs when it is the user's turn. */
  <T> Source<T, NotUsed> inTurn(UserId user, Source<T, NotUsed> scan) {
    return turns.admit(user.value(), scan).initialTimeout(FIRST_ENTRY).completionTimeout(LONGEST);
  }

  /** The number of scans that wait for a turn. */
  int waiting() {
    return turns.waiting();
  }
}
