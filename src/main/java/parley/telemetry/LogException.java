package parley.telemetry;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;

/**
 * The exception of a line, without the names of users and of bounded length. Configured in the
 * logback files.
 */
public final class LogException extends ThrowableProxyConverter {
  /** The most characters of an exception; the rest is cut. */
  static final int MAX_CHARS = 16_384;

  /** Called by logback when it reads its configuration. */
  public LogException() {}

  @Override
  public String convert(ILoggingEvent line) {
    String text = AccountNames.hidden(super.convert(line));
    return text.length() <= MAX_CHARS ? text : text.substring(0, MAX_CHARS) + "…\n";
  }
}
