package parley.bench;

/** Does something at a steady rate, and catches up where it was kept from it. */
final class Metronome {
  /** What is done. */
  interface Beat {
    /**
     * One of them.
     *
     * @param number from 0
     * @param intended when it should be done, which is now or a moment ago
     */
    void beat(long number, long intended);
  }

  private final Loop loop;
  private final Pace pace;
  private final Beat beat;
  private long number;
  private boolean stopped;

  private Metronome(Loop loop, Pace pace, Beat beat) {
    this.loop = loop;
    this.pace = pace;
    this.beat = beat;
  }

  static Metronome start(Loop loop, double perSecond, Beat beat) {
    Metronome metronome = new Metronome(loop, new Pace(System.nanoTime(), perSecond), beat);
    loop.at(metronome.pace.next(), metronome::tick);
    return metronome;
  }

  void stop() {
    stopped = true;
  }

  private void tick() {
    while (!stopped && pace.next() - System.nanoTime() <= 0) {
      long intended = pace.next();
      pace.taken();
      beat.beat(number++, intended);
    }
    if (!stopped) {
      loop.at(pace.next(), this::tick);
    }
  }
}
