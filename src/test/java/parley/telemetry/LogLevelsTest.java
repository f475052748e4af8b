package parley.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Levels are set, and each logger gets its own back. */
class LogLevelsTest {
  private static Logger logger(String name) {
    return (Logger) LoggerFactory.getLogger(name);
  }

  @AfterEach
  void reset() {
    LogLevels.apply(Map.of());
  }

  @Test
  void aLoggerGetsItsLevelBack() {
    Logger own = logger("levels.own");
    own.setLevel(Level.WARN);
    Logger inherits = logger("levels.inherits");
    LogLevels.apply(Map.of("levels.own", "TRACE", "levels.inherits", "ERROR"));
    assertThat(own.getLevel()).isEqualTo(Level.TRACE);
    assertThat(inherits.getEffectiveLevel()).isEqualTo(Level.ERROR);
    LogLevels.apply(Map.of("levels.own", "DEBUG"));
    assertThat(own.getLevel()).isEqualTo(Level.DEBUG);
    assertThat(inherits.getLevel()).as("that of its parent").isNull();
    LogLevels.apply(Map.of());
    assertThat(own.getLevel()).as("the first one, not the one between").isEqualTo(Level.WARN);
  }

  @Test
  void rootIsTheLoggerAboveAll() {
    Level before = logger(org.slf4j.Logger.ROOT_LOGGER_NAME).getLevel();
    LogLevels.apply(Map.of("root", "ERROR"));
    assertThat(logger("levels.below").getEffectiveLevel()).isEqualTo(Level.ERROR);
    LogLevels.apply(Map.of());
    assertThat(logger(org.slf4j.Logger.ROOT_LOGGER_NAME).getLevel()).isEqualTo(before);
  }
}
