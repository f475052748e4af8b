package parley.bench.report;

/** What limited a run. */
public enum Bottleneck {
  /** The program's core was busy. */
  SERVER("server"),
  /** The generator's core was busy and the program's was not: the figure is no limit of it. */
  GENERATOR("bound by load generator"),
  /** The same core was busy, but with the stand-in of the store, which is no limit of it either. */
  STORE("bound by stand-in of the store"),
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
   * @param store cores the stand-in of the store kept busy, of the generator's one
   */
  public static Bottleneck of(double own, double server, double store) {
    if (server >= BUSY) {
      return SERVER;
    }
    if (own + store > BUSY) {
      return store > own ? STORE : GENERATOR;
    }
    return server < 0 ? UNKNOWN : NEITHER;
  }

  @Override
  public String toString() {
    return words;
  }
}
