package parley.telemetry;

import ch.qos.logback.classic.pattern.MessageConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;

/** The message of a line of text, without the names of users. Configured in the logback files. */
public final class LogText extends MessageConverter {
  /** Called by logback when it reads its configuration. */
  public LogText() {}

  @Override
  public String convert(ILoggingEvent line) {
    String message = super.convert(line);
    return message == null ? "" : AccountNames.hidden(message);
  }
}
