package parley.session;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How many frames a connection may send beside messages, and how often it may be told that these
 * were too many, or its messages were. For one connection, hence for one thread.
 *
 * <p>From this budget go all frames but {@code ack}, {@code ping}, {@code auth} and what makes an
 * entry: also frames that cannot be read, and retries of messages that were accepted before.
 */
final class FrameBudget {
  /** The name of this budget in meters. */
  static final String FRAMES = "frames";

  /** The name of the budget of messages in meters. */
  static final String MESSAGES = "messages";

  /** The name of the budget of users to watch in meters. */
  static final String WATCHED = "watched";

  /** Frames at once. */
  static final int BURST = 100;

  /** Frames a second, for as long as one likes. */
  static final int PER_SECOND = 20;

  /** After so many refusals for a budget within {@link #WITHIN} the connection ends. */
  static final int REFUSALS = 1_000;

  /** The time in which refusals are counted; to the second. */
  static final Duration WITHIN = Duration.ofSeconds(60);

  private final SpendingBucket frames = new SpendingBucket(BURST, PER_SECOND);
  private int @Nullable [] refusals;
  private long second;
  private int refused;
  private long retryAfter;

  /**
   * Takes a frame.
   *
   * @param nanos the time, on a clock that begins anywhere
   * @return 0 if it was taken, else after how many milliseconds there will be one
   */
  long tryTake(long nanos) {
    return frames.tryTake(1, nanos);
  }

  /** The client was refused for this or another budget, and told to wait so long. */
  void refused(long nanos, long waitMillis) {
    int[] slots = refusals;
    if (slots == null) {
      // Most connections never need it.
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

  /** How long the client must stay away, where it was refused too often; else 0. */
  long exhausted() {
    return refused >= REFUSALS ? Math.max(1, retryAfter) : 0;
  }
}
