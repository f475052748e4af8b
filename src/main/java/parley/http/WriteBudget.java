package parley.http;

import parley.model.UserId;

/** What a user may write, by whatever way. Safe for use by many threads; never blocks. */
@FunctionalInterface
public interface WriteBudget {
  /** Of messages: everything that makes an entry. */
  String MESSAGES = "messages";

  /** Of new groups. */
  String GROUPS_PER_DAY = "groups_per_day";

  /**
   * Takes a message of the user's rate.
   *
   * @return 0 if it was taken, else after how many milliseconds there will be one
   */
  long tryTake(UserId user);

  /** Gives a message back: what it was taken for had been written before. */
  default void giveBack(UserId user) {}

  /** How many groups a user may make in 24 hours; 0 is no limit. */
  default int groupsPerDay() {
    return 0;
  }

  /** A call was refused for this budget, or for one of an address or a login. */
  default void limited(String limit) {}
}
