package parley.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;

/** The name of a line does not change with its values. */
class LogEventsTest {
  private final LoggerContext context = new LoggerContext();

  @Test
  void aLineIsNamedByItselfOrByItsFormat() {
    assertThat(name("parley.store.StoreWatch", "The journal cannot be written ({} of {}): {}", 1))
        .isEqualTo("the_journal_cannot_be_written_of");
    assertThat(name("parley.a.B", "{}: no snapshot could be stored", "d_1"))
        .isEqualTo("no_snapshot_could_be_stored");
    assertThat(name("org.apache.pekko.X", "Something of 10.0.0.1")).isEqualTo("library");
    assertThat(name("parley.a.B", "{}", "ann")).isEqualTo("library");
    LoggingEvent named = line("parley.a.B", "Started");
    named.addKeyValuePair(new KeyValuePair(LogEvents.EVENT, "started"));
    assertThat(LogEvents.nameOf(named)).isEqualTo("started");
  }

  @Test
  void valuesAndLongTextsDoNotBecomeNames() {
    assertThat(name("parley.a.B", "conversation d_0a1b at 10.0.0.7:25520 moved 3 times"))
        .isEqualTo("conversation_at_moved_times");
    assertThat(name("parley.a.B", "word ".repeat(100))).hasSizeLessThan(48);
  }

  private String name(String logger, String format, Object... values) {
    return LogEvents.nameOf(line(logger, format, values));
  }

  private LoggingEvent line(String logger, String format, Object... values) {
    return new LoggingEvent("caller", context.getLogger(logger), Level.INFO, format, null, values);
  }
}
