package parley.bench;

/** One kind of load. */
interface Scenario {
  /** Plays it once, from an empty program to a settled account. */
  Result play(Stage stage);

  /** How long acknowledgements are gathered where nobody says, in milliseconds. */
  default int ackMillis() {
    return 0;
  }
}
