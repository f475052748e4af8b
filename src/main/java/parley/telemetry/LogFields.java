package parley.telemetry;

import ch.qos.logback.classic.spi.ILoggingEvent;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import net.logstash.logback.composite.AbstractJsonProvider;

/**
 * The fields of a line in JSON that every line has besides time, level and logger: {@code message},
 * {@code event} and {@code node}. Configured in {@code logback-json.xml}.
 */
public final class LogFields extends AbstractJsonProvider<ILoggingEvent> {
  /** Called by logback when it reads its configuration. */
  public LogFields() {}

  @Override
  public void writeTo(JsonGenerator to, ILoggingEvent line) throws IOException {
    String message = line.getFormattedMessage();
    to.writeStringField("message", message == null ? "" : AccountNames.hidden(message));
    if (LogEvents.given(line) == null) {
      // A name that the line gives itself is one of its values, which another provider writes.
      to.writeStringField(LogEvents.EVENT, LogEvents.nameOf(line));
    }
    to.writeStringField("node", NodeName.get());
  }
}
