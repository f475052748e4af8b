package parley.control;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The definition of a setting that can be changed while the cluster runs.
 *
 * @param name its name, such as {@code limit.node.connections}
 * @param kind what its values are
 * @param unit of a number, for people
 * @param least the smallest number
 * @param most the largest number
 * @param byDefault the value that the environment of this node gives; a flag is 0 or 1
 * @param variable the environment variable of the default; empty if it has none
 * @param about what it does, a sentence without a stop
 */
public record Setting(
    String name,
    Kind kind,
    String unit,
    int least,
    int most,
    int byDefault,
    String variable,
    String about) {
  /** The kinds of values. */
  public enum Kind {
    /** A whole number within bounds. */
    NUMBER,
    /** {@code on} or {@code off}. */
    FLAG
  }

  /** A value or a name is wrong; the message names the field and what is allowed. */
  public static final class InvalidSettingException extends Exception {
    private static final long serialVersionUID = 1;

    InvalidSettingException(String message) {
      super(message);
    }
  }

  static Setting number(
      String name, String unit, int least, int most, int byDefault, String variable, String about) {
    return new Setting(name, Kind.NUMBER, unit, least, most, byDefault, variable, about);
  }

  static Setting flag(String name, boolean byDefault, String about) {
    return new Setting(
        name, Kind.FLAG, "on or off", 0, 1, byDefault ? 1 : 0, "PARLEY_FLAGS_OFF", about);
  }

  /** The number that a text stands for, or null if it is none or out of bounds. */
  @Nullable Integer read(String text) {
    if (kind == Kind.FLAG) {
      return switch (text.toLowerCase(Locale.ROOT)) {
        case "on", "true" -> 1;
        case "off", "false" -> 0;
        default -> null;
      };
    }
    try {
      int number = Integer.parseInt(text);
      return number >= least && number <= most ? number : null;
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /** A number of this setting as people write it. */
  public String shown(int number) {
    return kind == Kind.FLAG ? (number == 0 ? "off" : "on") : String.valueOf(number);
  }

  /** What values are allowed. */
  public String allowed() {
    return kind == Kind.FLAG ? "on or off" : "a whole number from " + least + " to " + most;
  }
}
