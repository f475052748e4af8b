package parley.session;

/** The time, as a test may move it. */
public interface Ticker {
  /** What a wall clock says, epoch milliseconds. */
  long millis();

  /** For measuring: does not jump, and begins anywhere. */
  long nanos();

  /** The machine's own. */
  static Ticker system() {
    return new Ticker() {
      @Override
      public long millis() {
        return System.currentTimeMillis();
      }

      @Override
      public long nanos() {
        return System.nanoTime();
      }
    };
  }
}
