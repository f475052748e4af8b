package parley.bench.report;

import java.io.Serial;

/** A run that could not measure anything; the message gives the reason. */
public final class RunFailedException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  public RunFailedException(String why) {
    super(why);
  }
}
