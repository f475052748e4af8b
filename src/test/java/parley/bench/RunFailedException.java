package parley.bench;

import java.io.Serial;

/** A run that measures nothing: the message says why. */
final class RunFailedException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  RunFailedException(String why) {
    super(why);
  }
}
