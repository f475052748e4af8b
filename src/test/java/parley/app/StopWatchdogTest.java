package parley.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import parley.client.ServerProcess;
import parley.settings.ExitCode;
import parley.settings.Settings;

/** A stop has a time limit, and the log says what it waits for. */
@Timeout(120)
class StopWatchdogTest {
  private static final Duration SHORT = Duration.ofMillis(50);
  private static final Duration LONG = Duration.ofMinutes(10);

  private final Logger logger = (Logger) LoggerFactory.getLogger(StopWatchdog.class);
  private final ConcurrentLinkedQueue<String> logged = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<String> told = new ConcurrentLinkedQueue<>();
  private final AtomicLong nanos = new AtomicLong();
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          logged.add(event.getFormattedMessage());
        }
      };

  @BeforeEach
  void listen() {
    logger.setLevel(Level.INFO);
    appender.start();
    logger.addAppender(appender);
  }

  @AfterEach
  void listenNoMore() {
    logger.detachAppender(appender);
    logger.setLevel(null);
  }

  @Test
  void theLimitIsTheSumOfAllPhasesAndWhatComesAfterThem() {
    assertThat(
            StopWatchdog.limit(
                ConfigFactory.parseString(
                    """
                    pekko.coordinated-shutdown {
                      default-phase-timeout = 3 s
                      phases { one.timeout = 10 s, two.timeout = 200 ms, three.depends-on = [two] }
                    }
                    """)))
        .isEqualTo(
            Duration.ofMillis(13_200)
                .plus(StopWatchdog.TERMINATION_MARGIN)
                .plus(StopWatchdog.CLOSE_TIMEOUT));
  }

  /** Tests that wait for the end of a process wait longer than its stop may take. */
  @Test
  void testsAreMorePatientThanTheLimit() throws Exception {
    for (Map<String, String> environment :
        List.of(
            Map.of("PARLEY_CLUSTER", "single"),
            Map.of("PARLEY_CLUSTER", "single", "PARLEY_DRAIN_SECONDS", "70"),
            Map.of(
                "PARLEY_CLUSTER", "seed",
                "PARLEY_SEED_NODES", "127.0.0.1:25520",
                "PARLEY_STORE", "dynamodb",
                "PARLEY_NODE_TLS", "off"),
            Map.of(
                "PARLEY_CLUSTER", "seed",
                "PARLEY_SEED_NODES", "127.0.0.1:25520",
                "PARLEY_STORE", "dynamodb",
                "PARLEY_NODE_TLS", "off",
                "PARLEY_UNREADY_SECONDS", "0",
                "PARLEY_DRAIN_SECONDS", "1"))) {
      Duration limit =
          StopWatchdog.limit(NodeConfig.of(Settings.from(environment), ConfigFactory.empty()));
      assertThat(ServerProcess.endSeconds(environment))
          .as("%s", environment)
          .isGreaterThan(limit.toSeconds() + 10);
    }
  }

  @Test
  void aStopOverTheLimitIsReportedWithThePhaseAndAllThreads() {
    StopWatchdog watch = new StopWatchdog(SHORT, told::add, nanos::get);
    watch.phaseReached("cluster-leave");
    watch.startTimer();
    await().until(() -> !told.isEmpty());
    assertThat(told).singleElement().asString().contains("cluster-leave", SHORT.toString());
    assertThat(logged)
        .singleElement()
        .asString()
        .contains(
            "hangs in cluster-leave", Thread.currentThread().getName(), "StopWatchdogTest.java");
  }

  @Test
  void aStopInTimeIsNotReported() throws Exception {
    StopWatchdog late = new StopWatchdog(SHORT, told::add, nanos::get);
    StopWatchdog inTime = new StopWatchdog(SHORT, why -> told.add("too early"), nanos::get);
    inTime.ended();
    inTime.startTimer();
    late.startTimer();
    await().until(() -> !told.isEmpty());
    assertThat(told).doesNotContain("too early");
  }

  @Test
  void aPhaseThatTookLongIsLogged() {
    StopWatchdog watch = new StopWatchdog(LONG, told::add, nanos::get);
    nanos.addAndGet(Duration.ofHours(1).toNanos());
    watch.phaseReached("service-unbind");
    nanos.addAndGet(Duration.ofSeconds(5).toNanos());
    watch.phaseReached("service-stop");
    nanos.addAndGet(Duration.ofMillis(5_001).toNanos());
    watch.phaseReached("cluster-leave");
    nanos.addAndGet(Duration.ofMillis(7_300).toNanos());
    watch.ended();
    assertThat(logged)
        .containsExactly(
            "The stop was in service-stop for 5001 ms",
            "The stop was in cluster-leave for 7300 ms");
  }

  /** Ends a process as the program does: a shutdown hook that hangs does not keep it alive. */
  @Test
  void aProcessWhoseStopHangsIsEnded(@TempDir Path folder) throws Exception {
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                Hangs.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("it ended").isTrue();
      String printed = Files.readString(output);
      assertThat(process.exitValue()).as(printed).isEqualTo(ExitCode.FAILED);
      assertThat(printed).contains("hangs in service-stop", "never-over", "the process ends");
    } finally {
      process.destroyForcibly();
    }
  }

  /** A program that ends, with a shutdown hook that never ends. */
  static final class Hangs {
    private Hangs() {}

    public static void main(String[] args) {
      StopWatchdog watch =
          new StopWatchdog(Duration.ofSeconds(1), Main::haltAsBroken, System::nanoTime);
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    watch.phaseReached("service-stop");
                    try {
                      new CountDownLatch(1).await();
                    } catch (InterruptedException e) {
                      Thread.currentThread().interrupt();
                    }
                  },
                  "never-over"));
      System.exit(0);
    }
  }
}
