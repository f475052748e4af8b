package parley.http;

import parley.model.UserId;

/** How much a user may write, over the socket and over HTTP together. Thread-safe; never blocks. */
@FunctionalInterface
public interface WriteBudget {
  /** Name of the limit on messages. Everything that adds an entry to a log counts as a message. */
  String MESSAGES = "messages";

  /** Name of the limit on new groups. */
  String GROUPS_PER_DAY = "groups_per_day";

  /**
   * Takes one message of the user's rate.
   *
   * @return 0 if it was taken, else the milliseconds until one is available
   */
  long tryTake(UserId user);

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
