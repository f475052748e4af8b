package parley.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Which messages are followed in the log, and what a line about one holds. */
class MessageLogTest {
  private static final String TRACE =
      Traceparent.of("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");

  private final Logger logger = (Logger) LoggerFactory.getLogger(MessageLog.LOGGER);
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

  @BeforeEach
  void start() {
    lines.start();
    logger.addAppender(lines);
    logger.setAdditive(false);
    logger.setLevel(Level.DEBUG);
  }

  @AfterEach
  void stop() {
    logger.detachAppender(lines);
    logger.setAdditive(true);
    logger.setLevel(null);
  }

  /** Ids of one millisecond differ in the last characters only. */
  @Test
  void oneInAThousandIsChosenAndTheSameOnEveryNode() {
    int chosen = 0;
    for (int i = 0; i < 100_000; i++) {
      String id = "01K9ABCDEFGHJKMNPQ%08d".formatted(i);
      chosen += MessageLog.isChosen(id, 1_000) ? 1 : 0;
      assertThat(MessageLog.isChosen(id, 1)).isTrue();
    }
    assertThat(chosen).isBetween(50, 200);
    // Pinned, because nodes of two versions must choose the same messages.
    assertThat(MessageLog.isChosen("01K9ABCDEFGHJKMNPQRSTVWXY1", 7))
        .isEqualTo(Math.floorMod(mixed("01K9ABCDEFGHJKMNPQRSTVWXY1"), 7) == 0);
  }

  private static int mixed(String id) {
    int hash = id.hashCode() * -1640531527;
    return hash ^ (hash >>> 15);
  }

  @Test
  void nothingIsFollowedBelowTheLevelOrWithoutAPart() {
    assertThat(new MessageLog(1).picks("m", null)).isTrue();
    assertThat(MessageLog.OFF.picks("m", TRACE)).isFalse();
    assertThat(new MessageLog(1_000_000_000).picks("m", null)).isFalse();
    assertThat(new MessageLog(1_000_000_000).picks("m", TRACE)).isTrue();
    logger.setLevel(Level.INFO);
    assertThat(new MessageLog(1).picks("m", TRACE)).isFalse();
  }

  @Test
  void aLineHoldsIdsAndTimes() {
    new MessageLog(1)
        .line(MessageLog.Step.DELIVERED, "d_1", 7, "m_1")
        .user("u_1")
        .latencyMillis(-3)
        .trace(TRACE)
        .write();
    ILoggingEvent line = lines.list.getFirst();
    assertThat(
            line.getKeyValuePairs().stream()
                .map(pair -> pair.key + "=" + pair.value)
                .collect(Collectors.joining(" ")))
        .isEqualTo(
            "event=message_delivered conversation_id=d_1 seq=7 message_id=m_1 user_id=u_1"
                + " latency_ms=0 trace_id=0af7651916cd43dd8448eb211c80319c");
    assertThat(line.getFormattedMessage())
        .isEqualTo(
            "message_delivered d_1 7 m_1 user_id=u_1 latency_ms=0"
                + " trace_id=0af7651916cd43dd8448eb211c80319c");
  }
}
