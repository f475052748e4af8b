package parley.bench.report;

import java.io.Serial;

/** A run that measures nothing: the message says why. */
public final class RunFailedException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  public RunFailedException(String why) {
    super(why);
  }
}
