package parley.conversation;

import com.github.f4b6a3.ulid.Ulid;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Makes the {@code message_id}s of a conversation grow, whatever node makes them. A node whose
 * clock is behind that of the previous node makes smaller ULIDs. Then the last id of the log plus a
 * random step is used. The step is random so that two conversations that continue from ids of the
 * same node do not get the same id.
 */
final class MessageIds {
  /** A ULID has 80 bits besides its time, enough for 2^40 steps of this size. */
  private static final long LARGEST_STEP = 1L << 40;

  private MessageIds() {}

  /**
   * The id of the next entry.
   *
   * @param made a new ULID of this node
   * @param last the id of the newest entry; null where there is none
   */
  static String next(String made, @Nullable String last) {
    if (last == null || made.compareTo(last) > 0 || !Ulid.isValid(last)) {
      return made;
    }
    Ulid before = Ulid.from(last);
    long low = before.getLeastSignificantBits();
    long next = low + ThreadLocalRandom.current().nextLong(1, LARGEST_STEP);
    long carry = Long.compareUnsigned(next, low) < 0 ? 1 : 0;
    return new Ulid(before.getMostSignificantBits() + carry, next).toString();
  }
}
