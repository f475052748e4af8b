package parley.telemetry;

import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/**
 * The name of a line of the log: what kind of line it is, short and stable, for searches and
 * alerts. A line names itself by the value {@value #EVENT} ({@code
 * LOG.atInfo().addKeyValue(LogEvents.EVENT, "started")}). Another line of this program is named by
 * the first words of its format, and a line of a library {@value #LIBRARY}.
 */
public final class LogEvents {
  /** The value that names a line. */
  public static final String EVENT = "event";

  /**
   * The logger of what operators change, as {@code logback.xml} names it. Its level is fixed:
   * nothing but that file sets the level of it or of a logger below it.
   */
  public static final String AUDIT_LOGGER = "parley.audit";

  /** The line that counts lines which were left out. */
  static final String LINES_SUPPRESSED = "lines_suppressed";

  /** How many lines were left out. */
  static final String SUPPRESSED = "suppressed";

  /** The name of the lines that were left out; missing if they had several. */
  static final String SUPPRESSED_EVENT = "suppressed_event";

  private static final String LIBRARY = "library";
  private static final String OWN_LOGGERS = "parley.";

  /** Longest name made of a format. */
  private static final int NAME_CHARS = 48;

  private LogEvents() {}

  /** The name that the line gives itself, or null. */
  static @Nullable String given(ILoggingEvent line) {
    List<KeyValuePair> values = line.getKeyValuePairs();
    if (values != null) {
      for (KeyValuePair one : values) {
        if (one.key.equals(EVENT)) {
          return String.valueOf(one.value);
        }
      }
    }
    return null;
  }

  /** The name of the line: lower-case letters and underscores. */
  static String nameOf(ILoggingEvent line) {
    String given = given(line);
    if (given != null) {
      return given;
    }
    String format = line.getMessage();
    if (format == null || !line.getLoggerName().startsWith(OWN_LOGGERS)) {
      return LIBRARY;
    }
    String name = words(format.lines().findFirst().orElse(""));
    return name.isEmpty() ? LIBRARY : name;
  }

  /** The words of a format that consist of letters, joined by underscores. */
  private static String words(String format) {
    StringBuilder name = new StringBuilder();
    for (String word : format.toLowerCase(Locale.ROOT).split("[^\\p{L}\\p{N}_{}]+", -1)) {
      boolean letters = !word.isEmpty() && word.chars().allMatch(c -> c >= 'a' && c <= 'z');
      if (letters && name.length() + word.length() < NAME_CHARS) {
        name.append(name.isEmpty() ? "" : "_").append(word);
      }
    }
    return name.toString();
  }
}
