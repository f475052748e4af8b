package parley.bench.report;

/**
 * The program's processor time for one item, such as a message.
 *
 * @param each what it was counted for, such as {@code message}
 * @param count how many of those there were; 0 where it is not known
 * @param micros for one of them
 * @param compiling the part of it that went into compiling, from 0 to 1
 * @param collecting the part that went into collecting garbage
 */
public record Cost(String each, long count, double micros, double compiling, double collecting) {
  /** Nothing is known. */
  static final Cost NONE = new Cost("", 0, 0, 0, 0);

  /**
   * Of a span in which the program's processor time is known; nothing if nothing was done in it.
   */
  public static Cost of(CpuTime used, String each, long count) {
    if (count <= 0) {
      return NONE;
    }
    double all = Math.max(1, used.server());
    return new Cost(
        each, count, used.server() / 1e3 / count, used.compiling() / all, used.collecting() / all);
  }

  public boolean known() {
    return count > 0;
  }
}
