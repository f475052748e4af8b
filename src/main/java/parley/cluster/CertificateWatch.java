package parley.cluster;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.telemetry.Telemetry;
import parley.tls.TlsRefusedException;

/**
 * Reports a certificate that is about to expire: a gauge of the days that are left, a warning from
 * two weeks before the end, an error once the certificate cannot be used. Reads the files every
 * minute, so it also reports a replacement that cannot be used. The same line is logged once, and
 * again after a day.
 */
public final class CertificateWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CertificateWatch.class);
  private static final Duration WARN_BEFORE = Duration.ofDays(14);
  private static final Duration REPEAT_AFTER = Duration.ofDays(1);
  private static final long CHECK_SECONDS = 60;

  /** Reads the certificate's files and returns when the certificate expires. */
  @FunctionalInterface
  public interface ExpiryReader {
    Instant readExpiry() throws TlsRefusedException;
  }

  private final String variable;
  private final String refusedConnections;
  private final ExpiryReader expiryReader;
  private final InstantSource clock;
  private final ScheduledExecutorService scheduler =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("certificates").factory());
  private volatile double daysLeft;
  private @Nullable String lastLine;
  private Instant lastLineAt = Instant.EPOCH;

  CertificateWatch(String variable, String what, ExpiryReader expiryReader, InstantSource clock) {
    this.variable = variable;
    this.refusedConnections = what;
    this.expiryReader = expiryReader;
    this.clock = clock;
  }

  /**
   * Checks the certificate now and every minute from now on.
   *
   * @param variable the setting that names the certificate
   * @param what the connections that are refused once the certificate has expired
   * @param meter the name of the gauge; its value is 0 or less if the certificate cannot be used
   */
  public static CertificateWatch start(
      String variable,
      String what,
      String meter,
      ExpiryReader expiryReader,
      InstantSource clock,
      Telemetry telemetry) {
    CertificateWatch watch = new CertificateWatch(variable, what, expiryReader, clock);
    watch.look();
    telemetry.gauge(meter, watch::daysLeft);
    var unused =
        watch.scheduler.scheduleWithFixedDelay(
            watch::look, CHECK_SECONDS, CHECK_SECONDS, TimeUnit.SECONDS);
    return watch;
  }

  double daysLeft() {
    return daysLeft;
  }

  /** Checks the certificate once. Returns the logged line, or null if there was nothing to log. */
  @Nullable String look() {
    try {
      Duration left = Duration.between(clock.instant(), expiryReader.readExpiry());
      daysLeft = left.toSeconds() / (double) Duration.ofDays(1).toSeconds();
      return left.compareTo(WARN_BEFORE) < 0
          ? logUnlessRepeated(
              variable
                  + ": ends in "
                  + left.toDays()
                  + " days; then new "
                  + refusedConnections
                  + " are refused",
              false)
          : null;
    } catch (TlsRefusedException e) {
      daysLeft = 0;
      return logUnlessRepeated(
          variable + ": new " + refusedConnections + " are refused: " + e.getMessage(), true);
    } catch (RuntimeException e) {
      // An exception would end the schedule.
      LOG.debug("The certificate could not be checked", e);
      return null;
    }
  }

  private @Nullable String logUnlessRepeated(String line, boolean error) {
    if (line.equals(lastLine) && clock.instant().isBefore(lastLineAt.plus(REPEAT_AFTER))) {
      return null;
    }
    lastLine = line;
    lastLineAt = clock.instant();
    if (error) {
      LOG.error(line);
    } else {
      LOG.warn(line);
    }
    return line;
  }

  @Override
  public void close() {
    scheduler.shutdownNow();
  }
}
