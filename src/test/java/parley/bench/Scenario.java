package parley.bench;

/** One kind of load. */
interface Scenario {
  /** Plays it once, from an empty program to a settled account. */
  Result play(Stage stage);

  /** How long acknowledgements are gathered where nobody says, in milliseconds. */
  default int ackMillis(Options options) {
    return 0;
  }

  /** Whether the program keeps its events in the store that nodes share, not in its own. */
  default boolean sharedStore() {
    return false;
  }
}
