package parley.bench.engine;

/**
 * Runs an action at a fixed rate on the event loop. After a delay it runs the missed actions at
 * once.
 */
public final class FixedRateTimer {
  /** The action. */
  public interface Action {
    /**
     * Runs once.
     *
     * @param number counts from 0
     * @param intended when the action was due: now or a moment ago
     */
    void run(long number, long intended);
  }

  private final EventLoop eventLoop;
  private final SendSchedule sendSchedule;
  private final Action action;
  private long number;
  private boolean stopped;

  private FixedRateTimer(EventLoop eventLoop, SendSchedule sendSchedule, Action action) {
    this.eventLoop = eventLoop;
    this.sendSchedule = sendSchedule;
    this.action = action;
  }

  public static FixedRateTimer start(EventLoop eventLoop, double perSecond, Action action) {
    FixedRateTimer timer =
        new FixedRateTimer(eventLoop, new SendSchedule(System.nanoTime(), perSecond), action);
    eventLoop.runAt(timer.sendSchedule.next(), timer::tick);
    return timer;
  }

  public void stop() {
    stopped = true;
  }

  private void tick() {
    while (!stopped && sendSchedule.next() - System.nanoTime() <= 0) {
      long intended = sendSchedule.next();
      sendSchedule.advance();
      action.run(number++, intended);
    }
    if (!stopped) {
      eventLoop.runAt(sendSchedule.next(), this::tick);
    }
  }
}
