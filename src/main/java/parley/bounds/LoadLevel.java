package parley.bounds;

/**
 * Turns measurements of load into a level from 0 to {@link #MOST}. Level <i>n</i> begins where a
 * measurement is 2<sup>n - 1</sup> times its bound. The level rises by one when that was so for
 * {@link #RISE} updates, and falls by one when the measurements were below {@link #CALM} of the
 * beginning of the level for {@link #FALL} updates. So one slow second changes nothing, a value
 * between the two marks keeps the level, and a level that relieves the node does not end at once
 * because it does. Not thread-safe.
 */
public final class LoadLevel {
  /** The highest level. */
  public static final int MOST = LoadGate.Shed.values().length;

  /** Updates over the next level before it begins. */
  static final int RISE = 2;

  /** Updates under the level before it ends. */
  static final int FALL = 5;

  /** The part of the beginning of a level under which it may end. */
  static final double CALM = 0.75;

  private int level;
  private int over;
  private int under;

  /** The level after the last update. */
  public int level() {
    return level;
  }

  /**
   * Takes a measurement; once a second.
   *
   * @param load the largest of the measurements, each as a part of its bound: 1 is at the bound
   * @return the level from now on
   */
  public int update(double load) {
    over = level < MOST && load >= begin(level + 1) ? over + 1 : 0;
    under = level > 0 && load < CALM * begin(level) ? under + 1 : 0;
    if (over >= RISE) {
      level++;
      over = 0;
    } else if (under >= FALL) {
      level--;
      under = 0;
    }
    return level;
  }

  private static double begin(int level) {
    return 1 << (level - 1);
  }
}
