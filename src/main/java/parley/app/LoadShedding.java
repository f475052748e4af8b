package parley.app;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;
import java.util.function.IntSupplier;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.dispatch.ExecutionContexts;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.bounds.LoadGate;
import parley.bounds.LoadLevel;
import parley.bounds.RecentTimes;
import parley.control.RuntimeSettings;
import parley.control.SettingCatalog;
import parley.telemetry.Telemetry;

/**
 * Measures the load of this node once a second, and says what to leave out. Load is the time of a
 * send, and how long a message waits for a thread, each as a part of its bound; the larger counts.
 */
final class LoadShedding implements LoadGate {
  /** Gauge: the level of load, 0 to 4. */
  static final String LEVEL = "parley.load.level";

  /** The seconds of sends that are looked at. Longer, and one pause would raise several levels. */
  static final int SECONDS = 3;

  private static final Duration INTERVAL = Duration.ofSeconds(1);
  private static final double PERCENTILE = 0.99;
  private static final double NANOS_PER_MILLI = 1e6;
  private static final Logger LOG = LoggerFactory.getLogger(LoadShedding.class);

  private final RecentTimes sends = new RecentTimes(SECONDS);
  private final LoadLevel state = new LoadLevel();
  private final BooleanSupplier on;
  private final IntSupplier sendBound;
  private final IntSupplier mailboxBound;
  private final DoubleSupplier mailboxWait;
  private final Map<Shed, Runnable> counters = new EnumMap<>(Shed.class);
  private volatile int level;

  /**
   * Measures nothing by itself; see {@link #update}.
   *
   * @param mailboxWait how long the last message waited for a thread, or waits now; seconds
   */
  LoadShedding(RuntimeSettings live, Telemetry telemetry, DoubleSupplier mailboxWait) {
    this.on = live.flag(SettingCatalog.FLAG_ADMISSION);
    this.sendBound = live.number(SettingCatalog.ADMISSION_SEND);
    this.mailboxBound = live.number(SettingCatalog.ADMISSION_MAILBOX);
    this.mailboxWait = mailboxWait;
    for (Shed what : Shed.values()) {
      String kind = what.name().toLowerCase(Locale.ROOT);
      counters.put(what, () -> telemetry.shed(kind));
    }
    telemetry.gauge(LEVEL, () -> level);
  }

  /** Starts to measure. Ends with the system. */
  static LoadShedding start(ActorSystem<?> system, RuntimeSettings live, Telemetry telemetry) {
    LoadShedding load =
        new LoadShedding(live, telemetry, MailboxProbes.start(system, telemetry)::longestWait);
    // On the scheduler's own thread, so that it does not wait for what it measures.
    Cancellable unused =
        system
            .scheduler()
            .scheduleAtFixedRate(
                INTERVAL, INTERVAL, load::update, ExecutionContexts.fromExecutor(Runnable::run));
    return load;
  }

  /** A message was answered with {@code sent}, this long after its frame arrived. */
  void sent(long nanos) {
    sends.record(nanos);
  }

  /** Looks at the last seconds. */
  void update() {
    sends.next();
    double send = sends.quantile(PERCENTILE) / NANOS_PER_MILLI;
    double wait = mailboxWait.getAsDouble() * 1_000;
    double load = Math.max(send / sendBound.getAsInt(), wait / mailboxBound.getAsInt());
    int before = level;
    int now = state.update(on.getAsBoolean() ? load : 0);
    level = on.getAsBoolean() ? now : 0;
    if (level != before) {
      LOG.info(
          "The level of load is {}, was {}: sends take {} ms (p99), messages wait {} ms",
          level,
          before,
          Math.round(send),
          Math.round(wait));
    }
  }

  /** The level of now. */
  int level() {
    return level;
  }

  @Override
  public boolean sheds(Shed what) {
    if (level < what.level()) {
      return false;
    }
    Runnable counter = counters.get(what);
    if (counter != null) {
      counter.run();
    }
    return true;
  }
}
