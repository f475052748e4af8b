package parley.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.AppenderBase;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.event.KeyValuePair;

@Timeout(60)
class LogLimiterTest {
  private static final Pattern LINE =
      Pattern.compile("(\\S+)\\.\\d{3}\\S+ (\\w+) +(\\S+) +(?:… (\\d+) more [^:]*(?:: )?)?(.*)");

  private final LoggerContext context = new LoggerContext();
  private final LogLimiter limiter = new LogLimiter();
  private final List<String> written = new CopyOnWriteArrayList<>();
  private long now = 1_000_000;

  @BeforeEach
  void start() {
    AppenderBase<ILoggingEvent> list =
        new AppenderBase<>() {
          @Override
          protected void append(ILoggingEvent event) {
            written.add(event.getLevel() + " " + event.getFormattedMessage());
          }
        };
    list.setContext(context);
    list.start();
    limiter.setContext(context);
    limiter.addAppender(list);
    // Not started by the timer: ticks come from the test.
    limiter.start();
  }

  @AfterEach
  void stop() {
    limiter.stop();
    context.stop();
  }

  @Test
  void fiveOfAKindInASecondAndOneLineThatCountsTheRest() {
    long before = LogLimiter.suppressed();
    for (int i = 0; i < 1_000; i++) {
      log(Level.WARN, "no answer of {} within {} ms", "n" + i, i);
    }
    assertThat(written).hasSize(5).last().isEqualTo("WARN no answer of n4 within 4 ms");
    assertThat(LogLimiter.suppressed() - before).isEqualTo(995);
    now += 1_000;
    log(Level.WARN, "no answer of {} within {} ms", "late", 1);
    assertThat(written)
        .hasSize(7)
        .endsWith(
            "WARN … 995 more like it within a second: no answer of n0 within 0 ms",
            "WARN no answer of late within 1 ms");
  }

  @Test
  void theRestIsToldByTheTimerWhereNothingFollowsAndThenForgotten() {
    for (int i = 0; i < 7; i++) {
      log(Level.INFO, "again", new Object[0]);
    }
    limiter.tick(now);
    assertThat(written).hasSize(5);
    now += 1_000;
    limiter.tick(now);
    assertThat(written).hasSize(6).last().asString().startsWith("INFO … 2 more like it");
    limiter.tick(now + 1_000);
    assertThat(written).hasSize(6);
    assertThat(limiter.budgetCount()).isZero();
  }

  @Test
  void levelsWordingsAndExceptionsAreKindsOfTheirOwn() {
    for (int i = 0; i < 9; i++) {
      log(Level.WARN, "one", new Object[0]);
      log(Level.ERROR, "one", new Object[0]);
      log(Level.WARN, "two", new Object[0]);
      failed("one", new IllegalStateException("x" + i));
      failed("one", new IllegalStateException("x" + i, new java.io.IOException("y")));
    }
    assertThat(written).hasSize(25);
  }

  /** Neither the values of a named line nor those in its text make it another kind. */
  @Test
  void aNamedLineIsOneKindWhateverItsValues() {
    for (int i = 0; i < 100; i++) {
      LoggingEvent event = event(Level.INFO, "{} of " + letters(i), new Object[] {i}, null);
      event.addKeyValuePair(new KeyValuePair(LogEvents.EVENT, "thing"));
      event.addKeyValuePair(new KeyValuePair("message_id", letters(i)));
      limiter.doAppend(event);
    }
    assertThat(written).hasSize(LogLimiter.SAME);
    now += 1_000;
    limiter.tick(now);
    assertThat(written).hasSize(LogLimiter.SAME + 1).last().asString().contains("95 more like it");
  }

  /** Pekko's and the journal plugin's lines come with their values in the text. */
  @Test
  void valuesInAFinishedTextMakeNoKindOfTheirOwn() {
    for (int i = 0; i < 100; i++) {
      log(
          Level.WARN,
          "batch of " + i + " for par='journal-P-Conversation|c_" + i + "-0' throttled, try " + i,
          new Object[0]);
      log(Level.ERROR, "{}", "Accept error: could not accept from /10.0.0." + i + ":4711");
    }
    assertThat(written).hasSize(10);
  }

  @Test
  void aTextThatAStrangerVariesIsBoundByItsLogger() {
    for (int i = 0; i < 2_000; i++) {
      log(Level.WARN, "Illegal request: " + letters(i), new Object[0]);
    }
    assertThat(written).hasSize(LogLimiter.LOGGER);
    now += 1_000;
    limiter.tick(now);
    assertThat(written)
        .hasSize(LogLimiter.LOGGER + 1)
        .last()
        .isEqualTo("WARN … 1975 more lines of this logger within a second");
  }

  @Test
  void memoryIsBoundAndBeyondItLinesAreStillBound() {
    for (int i = 0; i < 10_000; i++) {
      LoggingEvent event = event(Level.WARN, "Illegal request: " + letters(i), null, null);
      event.setLoggerName("logger." + letters(i));
      limiter.doAppend(event);
    }
    assertThat(limiter.budgetCount())
        .isLessThanOrEqualTo(LogLimiter.MAX_KINDS + LogLimiter.MAX_LOGGERS + 1);
    // A line for each logger that is known, and one budget for the others.
    assertThat(written).hasSize(LogLimiter.MAX_LOGGERS + LogLimiter.LOGGER);
    limiter.tick(now + 1_000);
    assertThat(limiter.budgetCount()).isZero();
  }

  @Test
  void aClockThatIsSetBackSilencesNothing() {
    for (int i = 0; i < 9; i++) {
      log(Level.WARN, "again", new Object[0]);
    }
    now -= 1_000; // threads out of order
    log(Level.WARN, "again", new Object[0]);
    assertThat(written).hasSize(5);
    now -= 3_600_000;
    log(Level.WARN, "again", new Object[0]);
    assertThat(written).hasSize(7).last().isEqualTo("WARN again");
  }

  /** The configuration that the program runs with, and what comes out of the process. */
  @Test
  void theProgramsOwnConfigurationIsLimited() throws Exception {
    PrintStream terminal = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    LoggerContext program = new LoggerContext();
    program.setMDCAdapter(new LogbackMDCAdapter());
    int times = 5_000;
    try {
      System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
      JoranConfigurator configurator = new JoranConfigurator();
      configurator.setContext(program);
      configurator.doConfigure(
          Objects.requireNonNull(LogLimiterTest.class.getResource("/logback.xml")));
      Logger listener = program.getLogger("org.apache.pekko.io.TcpListener");
      Logger plugin =
          program.getLogger("org.apache.pekko.persistence.dynamodb.journal.DynamoDBJournal");
      Logger own = program.getLogger("parley.http.RouteSupport");
      for (int i = 0; i < times; i++) {
        listener.error("Accept error: could not accept new connection", new java.io.IOException());
        plugin.warn("{}", "ProvisionedThroughputExceededException, retry #" + i + " of 10");
        own.info("refused {} of {}", i, "/10.0.0." + i);
      }
      Awaitility.await().until(() -> counted(out).values().stream().allMatch(n -> n >= times));
    } finally {
      program.stop();
      System.setOut(terminal);
    }
    assertThat(counted(out)).hasSize(3).allSatisfy((logger, n) -> assertThat(n).isEqualTo(times));
    lines(out).stream()
        .filter(line -> line.group(4) == null)
        .collect(
            Collectors.groupingBy(line -> line.group(1) + line.group(3), Collectors.counting()))
        .forEach((second, count) -> assertThat(count).as(second).isLessThanOrEqualTo(5));
  }

  @Test
  void suppressedLogLinesAreCountedByAMeter() {
    try (Telemetry telemetry = new Telemetry()) {
      double before = telemetry.registry().get(Telemetry.LOG_SUPPRESSED).functionCounter().count();
      for (int i = 0; i < 8; i++) {
        log(Level.WARN, "again", new Object[0]);
      }
      assertThat(telemetry.registry().get(Telemetry.LOG_SUPPRESSED).functionCounter().count())
          .isGreaterThanOrEqualTo(before + 3);
      assertThat(telemetry.scrape()).contains("parley_log_suppressed_total");
    }
  }

  /** Lines written and lines told as left out, by logger. */
  private static Map<String, Long> counted(ByteArrayOutputStream out) {
    return lines(out).stream()
        .collect(
            Collectors.groupingBy(
                line -> line.group(3),
                Collectors.summingLong(
                    line -> line.group(4) == null ? 1 : Long.parseLong(line.group(4)))));
  }

  private static List<Matcher> lines(ByteArrayOutputStream out) {
    return out.toString(StandardCharsets.UTF_8)
        .lines()
        .map(LINE::matcher)
        .filter(Matcher::matches)
        .toList();
  }

  private void log(Level level, String format, Object... values) {
    limiter.doAppend(event(level, format, values, null));
  }

  private void failed(String message, Throwable why) {
    limiter.doAppend(event(Level.WARN, message, null, why));
  }

  private LoggingEvent event(
      Level level, String format, Object @Nullable [] values, @Nullable Throwable why) {
    LoggingEvent event =
        new LoggingEvent(
            "caller", context.getLogger("parley.some.Logger"), level, format, why, values);
    event.setTimeStamp(now);
    return event;
  }

  /** A number as a word. */
  private static String letters(int number) {
    return String.valueOf(number)
        .chars()
        .mapToObj(c -> String.valueOf((char) (c - '0' + 'a')))
        .collect(Collectors.joining());
  }
}
