package parley.archive;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** The cold tier cannot be read or written now; nothing is lost, and it may be tried again. */
public final class ColdUnavailable extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * A failure.
   *
   * @param problem what is wrong, without content
   * @param cause what it came from, if anything
   */
  public ColdUnavailable(String problem, @Nullable Throwable cause) {
    super(problem, cause);
  }
}
