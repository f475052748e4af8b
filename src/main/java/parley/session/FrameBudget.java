package parley.session;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import parley.bounds.TokenBucket;

/**
 * Budget of a connection for frames other than messages, and the count of its refusals for this and
 * other budgets. Not thread-safe: it belongs to one connection.
 *
 * <p>All frames take from this budget except {@code ack}, {@code ping}, {@code auth} and frames
 * that write an entry. Frames that cannot be read, and retries of accepted messages, take from it
 * too.
 */
final class FrameBudget {
  /** Name of this budget in meters. */
  static final String FRAMES = "frames";

  /** Name of the message rate in meters. */
  static final String MESSAGES = "messages";

  /** Name of the budget of watched users in meters. */
  static final String WATCHED = "watched";

  /** Most frames in a burst. */
  static final int BURST = 100;

  /** Sustained rate, in frames a second. */
  static final int PER_SECOND = 20;

  /** Refusals for any budget within {@link #WITHIN} after which the connection ends. */
  static final int REFUSALS = 1_000;

  /** Time window in which refusals are counted; its resolution is one second. */
  static final Duration WITHIN = Duration.ofSeconds(60);

  /** Nanoseconds of a second: the buckets of a connection count in them. */
  static final long NANOS = 1_000_000_000L;

  private TokenBucket frames = TokenBucket.full(BURST, NANOS / PER_SECOND, 0);
  private int @Nullable [] refusals;
  private long second;
  private int refused;
  private long retryAfter;

  /**
   * Takes a frame.
   *
   * @param nanos monotonic time with any origin
   * @return 0 if a frame was taken, else the milliseconds until one is available
   */
  long tryTake(long nanos) {
    frames = frames.at(nanos);
    long wait = frames.waitFor(1);
    if (wait == 0) {
      frames = frames.take(1);
    }
    return toMillis(wait);
  }

  /** Rounded up, so that a client that waits this long is not too early. */
  static long toMillis(long nanos) {
    return (nanos + 999_999) / 1_000_000;
  }

  /** Counts a refusal for this or another budget; the client was told to wait that long. */
  void refused(long nanos, long waitMillis) {
    int[] slots = refusals;
    if (slots == null) {
      // Allocated at the first refusal: most connections never need it.
      slots = new int[(int) WITHIN.toSeconds()];
      refusals = slots;
      second = nanos / 1_000_000_000L;
    }
    long now = nanos / 1_000_000_000L;
    for (long passed = Math.min(now - second, slots.length); passed > 0; passed--) {
      second = now - passed + 1;
      int slot = Math.floorMod(second, slots.length);
      refused -= slots[slot];
      slots[slot] = 0;
    }
    slots[Math.floorMod(second, slots.length)]++;
    refused++;
    retryAfter = waitMillis;
  }

  /**
   * How long the client must stay away after too many refusals, in milliseconds; 0 if it need not.
   */
  long exhausted() {
    return refused >= REFUSALS ? Math.max(1, retryAfter) : 0;
  }
}
