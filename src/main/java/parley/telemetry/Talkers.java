package parley.telemetry;

import java.util.concurrent.TimeUnit;
import parley.bounds.TopCounter;

/**
 * Which users and conversations have stored most entries on this node in the last one to two
 * minutes. Meters cannot show that: a label for each user has no bound. Ids and counts, never
 * content. Thread-safe.
 *
 * <p>An entry costs a few operations on two maps. At most {@value #KEYS} users and as many
 * conversations a minute are remembered, some 600 KB in all. So whoever has more than a thousandth
 * of the node's entries is shown, and {@link TopCounter.Top#error} bounds what is missing.
 */
public final class Talkers {
  /** The most users of a minute, and the most conversations. */
  public static final int KEYS = 1_000;

  private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

  private final TopCounter users = new TopCounter(KEYS, MINUTE, System::nanoTime);
  private final TopCounter conversations = new TopCounter(KEYS, MINUTE, System::nanoTime);

  /** An entry of this user is stored in this conversation. */
  void stored(String user, String conversation) {
    users.add(user);
    conversations.add(conversation);
  }

  /** The users with most entries. */
  public TopCounter.Top users(int most) {
    return users.top(most);
  }

  /** The conversations with most entries. */
  public TopCounter.Top conversations(int most) {
    return conversations.top(most);
  }
}
