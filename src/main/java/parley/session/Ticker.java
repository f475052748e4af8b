package parley.session;

import java.util.function.BooleanSupplier;

/** The clock of a node; tests replace it. */
public interface Ticker {
  /** Wall-clock time, epoch milliseconds. */
  long millis();

  /** Monotonic time for measuring intervals, in nanoseconds, with any origin. */
  long nanos();

  /**
   * Whether this process was paused for so long that other nodes may have taken over its work. Then
   * nothing may be acknowledged any more.
   */
  default boolean pausedTooLong() {
    return false;
  }

  /**
   * The system clock, in a process whose pauses are watched.
   *
   * @param pausedTooLong whether a pause was too long
   */
  static Ticker system(BooleanSupplier pausedTooLong) {
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
      public boolean pausedTooLong() {
        return pausedTooLong.getAsBoolean();
      }
    };
  }

  /** The system clock; pauses are not watched. */
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
