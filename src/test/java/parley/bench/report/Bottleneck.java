package parley.bench.report;

/** The component that limited a run. */
public enum Bottleneck {
  /** The server's core was busy. */
  SERVER("server"),
  /**
   * The generator's core was busy, the server's was not: the figure says nothing about the server.
   */
  GENERATOR("bound by load generator"),
  /**
   * The generator's core was busy, mostly with the stand-in of the store: the figure says nothing
   * about the server.
   */
  STORE("bound by stand-in of the store"),
  /** Neither core was busy: the scenario limits the rate, or something waits. */
  NEITHER("neither core busy"),
  /** The server's processor time is not known. */
  UNKNOWN("unknown");

  /** A core counts as busy from this load on. */
  static final double BUSY_LOAD = 0.90;

  private final String text;

  Bottleneck(String text) {
    this.text = text;
  }

  /**
   * Returns the bottleneck.
   *
   * @param generator load of the generator, in cores
   * @param server load of the server, in cores; negative if unknown
   * @param store load of the store's stand-in, in cores. It shares the generator's core
   */
  public static Bottleneck of(double generator, double server, double store) {
    if (server >= BUSY_LOAD) {
      return SERVER;
    }
    if (generator + store > BUSY_LOAD) {
      return store > generator ? STORE : GENERATOR;
    }
    return server < 0 ? UNKNOWN : NEITHER;
  }

  @Override
  public String toString() {
    return text;
  }
}
