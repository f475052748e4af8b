package parley.bench;

/** What kept a run from being faster. */
enum Bottleneck {
  /** The program's core was busy. */
  SERVER("server"),
  /** The generator's core was busy and the program's was not: the figure is no limit of it. */
  GENERATOR("bound by load generator"),
  /** Neither: the load was given, or something waits. */
  NEITHER("neither core busy"),
  /** The program's processor time is not known. */
  UNKNOWN("unknown");

  /** From where on a core counts as busy. */
  static final double BUSY = 0.90;

  private final String words;

  Bottleneck(String words) {
    this.words = words;
  }

  /**
   * The verdict.
   *
   * @param own cores the generator kept busy, of one
   * @param server cores the program kept busy, of one; negative where unknown
   */
  static Bottleneck of(double own, double server) {
    if (server >= BUSY) {
      return SERVER;
    }
    if (own > BUSY) {
      return GENERATOR;
    }
    return server < 0 ? UNKNOWN : NEITHER;
  }

  @Override
  public String toString() {
    return words;
  }
}
