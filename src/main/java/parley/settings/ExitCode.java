package parley.settings;

/** The exit codes of the process. */
public final class ExitCode {
  /** The process could not start, or could not go on, for a reason outside the settings. */
  public static final int FAILED = 1;

  /** A setting or an argument is wrong. */
  public static final int WRONG_SETTING = 2;

  private ExitCode() {}
}
