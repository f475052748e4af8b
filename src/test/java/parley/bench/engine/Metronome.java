package parley.bench.engine;

/** Runs an action at a steady rate, and catches up after a delay. */
public final class Metronome {
  /** What is done. */
  public interface Beat {
    /**
     * One of them.
     *
     * @param number from 0
     * @param intended when it should be done, which is now or a moment ago
     */
    void beat(long number, long intended);
  }

  private final EventLoop eventLoop;
  private final SendSchedule sendSchedule;
  private final Beat beat;
  private long number;
  private boolean stopped;

  private Metronome(EventLoop eventLoop, SendSchedule sendSchedule, Beat beat) {
    this.eventLoop = eventLoop;
    this.sendSchedule = sendSchedule;
    this.beat = beat;
  }

  public static Metronome start(EventLoop eventLoop, double perSecond, Beat beat) {
    Metronome metronome =
        new Metronome(eventLoop, new SendSchedule(System.nanoTime(), perSecond), beat);
    eventLoop.at(metronome.sendSchedule.next(), metronome::tick);
    return metronome;
  }

  public void stop() {
    stopped = true;
  }

  private void tick() {
    while (!stopped && sendSchedule.next() - System.nanoTime() <= 0) {
      long intended = sendSchedule.next();
      sendSchedule.taken();
      beat.beat(number++, intended);
    }
    if (!stopped) {
      eventLoop.at(sendSchedule.next(), this::tick);
    }
  }
}
