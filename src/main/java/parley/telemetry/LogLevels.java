package parley.telemetry;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.ILoggerFactory;
import org.slf4j.LoggerFactory;

/**
 * Sets the levels of loggers at run time, and gives each its own level back. The loggers are those
 * of the process, so in a test with several nodes the last one counts. Thread-safe.
 */
public final class LogLevels {
  private static final Map<String, Before> CHANGED = new HashMap<>();

  /** The level that a logger had of its own; null if it had that of its parent. */
  private record Before(@Nullable Level level) {}

  private LogLevels() {}

  /**
   * Gives these loggers these levels, and all others that were changed here their former ones.
   *
   * @param levels the level by the name of the logger; {@code root} is that of all
   */
  public static void apply(Map<String, String> levels) {
    ILoggerFactory factory = LoggerFactory.getILoggerFactory();
    if (!(factory instanceof LoggerContext context)) {
      return;
    }
    synchronized (CHANGED) {
      Set<String> over = new HashSet<>(CHANGED.keySet());
      over.removeAll(levels.keySet());
      for (String name : over) {
        Before before = CHANGED.remove(name);
        context.getLogger(logback(name)).setLevel(before == null ? null : before.level());
      }
      levels.forEach(
          (name, level) -> {
            Logger logger = context.getLogger(logback(name));
            CHANGED.computeIfAbsent(name, same -> new Before(logger.getLevel()));
            logger.setLevel(Level.valueOf(level));
          });
    }
  }

  private static String logback(String name) {
    return name.equals("root") ? org.slf4j.Logger.ROOT_LOGGER_NAME : name;
  }
}
