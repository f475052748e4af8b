package parley.bench.report;

/**
 * The server's processor time for one item, such as a message.
 *
 * @param each the name of one item
 * @param count the number of items; 0 if the cost is not known
 * @param micros microseconds for one item
 * @param compiling the share of the JVM's compilers, from 0 to 1
 * @param collecting the share of the garbage collector, from 0 to 1
 */
public record CpuCost(String each, long count, double micros, double compiling, double collecting) {
  /** The cost is not known. */
  static final CpuCost NONE = new CpuCost("", 0, 0, 0, 0);

  /**
   * Divides the processor time of a time span by the number of items. Returns {@link #NONE} if
   * there were none.
   */
  public static CpuCost of(CpuTime used, String each, long count) {
    if (count <= 0) {
      return NONE;
    }
    double all = Math.max(1, used.server());
    return new CpuCost(
        each, count, used.server() / 1e3 / count, used.compiling() / all, used.collecting() / all);
  }

  public boolean known() {
    return count > 0;
  }
}
