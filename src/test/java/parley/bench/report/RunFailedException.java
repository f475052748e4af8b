package parley.bench.report;

import java.io.Serial;

/** A run failed or could not be measured. The message has the reason. */
public final class RunFailedException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  public RunFailedException(String why) {
    super(why);
  }
}
