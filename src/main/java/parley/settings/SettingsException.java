package parley.settings;

import java.io.Serial;

/** A setting that cannot be used. The message is one line that begins with the variable's name. */
public final class SettingsException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  public SettingsException(String variable, String problem) {
    super(variable + ": " + problem);
  }

  /**
   * Wraps the refusal of a feature that reads its own setting; its message begins with the
   * variable's name already.
   */
  public SettingsException(IllegalArgumentException named) {
    super(named.getMessage(), named);
  }
}
