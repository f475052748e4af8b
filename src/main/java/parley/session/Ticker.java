package parley.session;

import java.util.function.BooleanSupplier;

/** The time, as a test may move it. */
public interface Ticker {
  /** What a wall clock says, epoch milliseconds. */
  long millis();

  /** For measuring: does not jump, and begins anywhere. */
  long nanos();

  /**
   * Whether this process stood still for so long that others may do its work by now: then nothing
   * may be acknowledged any more.
   */
  default boolean lapsed() {
    return false;
  }

  /** The machine's own, of a process whose pauses somebody else watches. */
  static Ticker system(BooleanSupplier lapsed) {
    Ticker system = system();
    return new Ticker() {
      @Override
      public long millis() {
        return system.millis();
      }

      @Override
      public long nanos() {
        return system.nanos();
      }

      @Override
      public boolean lapsed() {
        return lapsed.getAsBoolean();
      }
    };
  }

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
