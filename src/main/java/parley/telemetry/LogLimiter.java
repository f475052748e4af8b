package parley.telemetry;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import ch.qos.logback.core.spi.AppenderAttachable;
import ch.qos.logback.core.spi.AppenderAttachableImpl;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/**
 * Limits repeated log lines in front of every appender. The same line is written at most {@value
 * #SAME} times a second, and one logger writes at most {@value #LOGGER} lines of one level a
 * second. Suppressed lines are counted, and one summary line reports them when their second is
 * over.
 *
 * <p><b>The same line</b> has the same logger, level and wording, and the same classes of the
 * exception and its cause. A line with a name ({@link LogEvents#EVENT}) has the name in place of
 * the wording; its other values never count. Otherwise the wording is the format. If a library has
 * put the values into the text already, the wording is the text without the words that hold a digit
 * or a character of a path, an address or a quotation. Text that a stranger chooses can make many
 * wordings; the limit of the logger bounds these.
 *
 * <p><b>Memory.</b> At most about {@value #MAX_KINDS} wordings and {@value #MAX_LOGGERS} pairs of
 * logger and level at a time, each only as long as its lines keep coming. Beyond that, a new
 * wording counts only against its logger, and new loggers share one budget.
 */
public final class LogLimiter extends UnsynchronizedAppenderBase<ILoggingEvent>
    implements AppenderAttachable<ILoggingEvent> {
  /** The most lines of one kind in a second. */
  static final int SAME = 5;

  /** The most lines of one logger and level in a second, of any wording. */
  static final int LOGGER = 25;

  static final int MAX_KINDS = 1_000;
  static final int MAX_LOGGERS = 500;

  /** How many characters of a text make its wording; the rest is ignored. */
  private static final int WORDING_CHARS = 160;

  private static final long SECOND_MILLIS = 1_000;
  private static final LongAdder SUPPRESSED = new LongAdder();

  private final AppenderAttachableImpl<ILoggingEvent> appenders = new AppenderAttachableImpl<>();
  private final Map<String, Budget> kinds = new ConcurrentHashMap<>();
  private final Map<String, Budget> loggers = new ConcurrentHashMap<>();
  private @Nullable ScheduledFuture<?> timer;

  /** Called by logback when it reads its configuration. */
  public LogLimiter() {}

  /** The number of lines suppressed in this process so far. */
  public static long suppressed() {
    return SUPPRESSED.sum();
  }

  @Override
  public void start() {
    super.start();
    timer =
        getContext()
            .getScheduledExecutorService()
            .scheduleWithFixedDelay(
                () -> tick(System.currentTimeMillis()),
                SECOND_MILLIS,
                SECOND_MILLIS,
                TimeUnit.MILLISECONDS);
  }

  @Override
  public void stop() {
    if (timer != null) {
      timer.cancel(false);
    }
    tick(Long.MAX_VALUE);
    super.stop();
    appenders.detachAndStopAllAppenders();
  }

  @Override
  protected void append(ILoggingEvent event) {
    List<LoggingEvent> summaries = new ArrayList<>(0);
    boolean passes =
        tryTake(kinds, MAX_KINDS, kindKey(event), SAME, true, event, summaries)
            && tryTake(loggers, MAX_LOGGERS, loggerKey(event), LOGGER, false, event, summaries);
    summaries.forEach(appenders::appendLoopOnAppenders);
    if (passes) {
      appenders.appendLoopOnAppenders(event);
    } else {
      SUPPRESSED.increment();
    }
  }

  /**
   * Writes the summaries of seconds that are over, and forgets kinds and loggers without new lines.
   */
  void tick(long now) {
    List<LoggingEvent> summaries = new ArrayList<>(0);
    for (Map<String, Budget> budgets : List.of(kinds, loggers)) {
      for (String key : budgets.keySet()) {
        budgets.computeIfPresent(
            key,
            (same, budget) -> {
              if (budget.second >= now / SECOND_MILLIS) {
                return budget;
              }
              budget.startSecond(now / SECOND_MILLIS, summaries);
              return null;
            });
      }
    }
    summaries.forEach(appenders::appendLoopOnAppenders);
  }

  /** The number of budgets in memory. */
  int budgetCount() {
    return kinds.size() + loggers.size();
  }

  private static boolean tryTake(
      Map<String, Budget> budgets,
      int most,
      String key,
      int limit,
      boolean wording,
      ILoggingEvent event,
      List<LoggingEvent> summaries) {
    boolean full = budgets.size() >= most && !budgets.containsKey(key);
    if (full && wording) {
      return true; // only its logger's budget limits it
    }
    boolean[] taken = {false};
    budgets.compute(
        full ? "" : key,
        (same, known) -> {
          Budget budget = known == null ? new Budget(limit, wording, event) : known;
          taken[0] = budget.tryTake(event.getTimeStamp() / SECOND_MILLIS, summaries);
          return budget;
        });
    return taken[0];
  }

  private static String loggerKey(ILoggingEvent event) {
    return event.getLevel().levelInt + " " + event.getLoggerName();
  }

  private static String kindKey(ILoggingEvent event) {
    StringBuilder key = new StringBuilder(loggerKey(event)).append('\n');
    String name = LogEvents.given(event);
    if (name != null) {
      key.append(name);
    } else {
      String format = event.getMessage();
      Object[] values = event.getArgumentArray();
      boolean isFormat = values != null && values.length > 0 && hasWord(format);
      appendWording(isFormat ? format : event.getFormattedMessage(), key);
    }
    IThrowableProxy failure = event.getThrowableProxy();
    if (failure != null) {
      key.append('\n').append(failure.getClassName());
      if (failure.getCause() != null) {
        key.append('\n').append(failure.getCause().getClassName());
      }
    }
    return key.toString();
  }

  private static boolean hasWord(@Nullable String format) {
    return format != null && format.codePoints().anyMatch(Character::isLetter);
  }

  /**
   * Appends the words of a text. A word that holds a value becomes one sign, however long it is.
   */
  private static void appendWording(@Nullable String text, StringBuilder into) {
    if (text == null) {
      return;
    }
    int end = Math.min(text.length(), WORDING_CHARS);
    for (int from = 0; from < end; ) {
      int to = from;
      boolean value = false;
      while (to < end && !Character.isWhitespace(text.charAt(to))) {
        char c = text.charAt(to++);
        value |= Character.isDigit(c) || "/@='\"[]<>$#".indexOf(c) >= 0;
      }
      if (value) {
        into.append('#');
      } else {
        into.append(text, from, to);
      }
      into.append(' ');
      from = to + 1;
    }
  }

  @Override
  public void addAppender(Appender<ILoggingEvent> appender) {
    appenders.addAppender(appender);
  }

  @Override
  public Iterator<Appender<ILoggingEvent>> iteratorForAppenders() {
    return appenders.iteratorForAppenders();
  }

  @Override
  public @Nullable Appender<ILoggingEvent> getAppender(String called) {
    return appenders.getAppender(called);
  }

  @Override
  public boolean isAttached(Appender<ILoggingEvent> appender) {
    return appenders.isAttached(appender);
  }

  @Override
  public void detachAndStopAllAppenders() {
    appenders.detachAndStopAllAppenders();
  }

  @Override
  public boolean detachAppender(Appender<ILoggingEvent> appender) {
    return appenders.detachAppender(appender);
  }

  @Override
  public boolean detachAppender(String called) {
    return appenders.detachAppender(called);
  }

  /**
   * The budget of one kind or one logger for the current second. Accessed only within the atomic
   * updates of its map.
   */
  private static final class Budget {
    private static final int SAMPLE_CHARS = 120;

    /**
     * Seconds by which a line may be older than the current second, because threads that log at the
     * same time may come out of order. A larger step means that the clock was set back.
     */
    private static final long MAX_DISORDER_SECONDS = 2;

    private final int limit;
    private final String logger;
    private final Level level;
    private final @Nullable String sample;
    private final String event;
    long second;
    private int writtenLines;
    private long suppressedLines;

    Budget(int limit, boolean wording, ILoggingEvent first) {
      this.limit = limit;
      this.logger = first.getLoggerName();
      this.level = first.getLevel();
      this.sample = wording ? firstLine(first.getFormattedMessage()) : null;
      this.event = LogEvents.nameOf(first);
      this.second = first.getTimeStamp() / SECOND_MILLIS;
    }

    boolean tryTake(long now, List<LoggingEvent> summaries) {
      if (now > second || now < second - MAX_DISORDER_SECONDS) {
        startSecond(now, summaries);
      }
      if (writtenLines < limit) {
        writtenLines++;
        return true;
      }
      suppressedLines++;
      return false;
    }

    void startSecond(long now, List<LoggingEvent> summaries) {
      if (suppressedLines > 0) {
        summaries.add(summary());
      }
      second = now;
      writtenLines = 0;
      suppressedLines = 0;
    }

    private LoggingEvent summary() {
      LoggingEvent line = new LoggingEvent();
      line.setLoggerName(logger);
      line.setLevel(level);
      line.setThreadName("log-limiter");
      line.setTimeStamp((second + 1) * SECOND_MILLIS);
      line.setMDCPropertyMap(Map.of());
      line.setMessage(
          sample == null
              ? "… " + suppressedLines + " more lines of this logger within a second"
              : "… " + suppressedLines + " more like it within a second: " + sample);
      line.addKeyValuePair(new KeyValuePair(LogEvents.EVENT, LogEvents.LINES_SUPPRESSED));
      line.addKeyValuePair(new KeyValuePair(LogEvents.SUPPRESSED, suppressedLines));
      if (sample != null) {
        line.addKeyValuePair(new KeyValuePair(LogEvents.SUPPRESSED_EVENT, event));
      }
      return line;
    }

    private static String firstLine(@Nullable String text) {
      String line = text == null ? "" : text.lines().findFirst().orElse("");
      return line.length() <= SAMPLE_CHARS ? line : line.substring(0, SAMPLE_CHARS) + "…";
    }
  }
}
