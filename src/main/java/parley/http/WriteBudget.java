package parley.http;

import org.jspecify.annotations.Nullable;
import parley.model.UserId;
import parley.session.OverRate;

/** How much a user may write, over the socket and over HTTP together. Thread-safe; never blocks. */
@FunctionalInterface
public interface WriteBudget {
  /** Name of the limit on messages. Everything that adds an entry to a log counts as a message. */
  String MESSAGES = "messages";

  /** Name of the limit on new groups. */
  String GROUPS_PER_DAY = "groups_per_day";

  /** Takes one message of the user's rate, and of the node's. Returns null, or what it is over. */
  @Nullable OverRate tryTake(UserId user);

  /** Gives a message back, because its entry had been written before. */
  default void giveBack(UserId user) {}

  /** How many groups a user may make in 24 hours; 0 is no limit. */
  default int groupsPerDay() {
    return 0;
  }

  /**
   * Counts a call that was refused because of this limit, or because of a limit of an address or a
   * login.
   */
  default void countRefusal(String limit) {}
}
