package parley.archive;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** The cold tier cannot be read or written now. Nothing is lost, and a retry may succeed. */
public final class ColdUnavailable extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Creates a failure.
   *
   * @param problem what is wrong, without content
   * @param cause the underlying failure, if any
   */
  public ColdUnavailable(String problem, @Nullable Throwable cause) {
    super(problem, cause);
  }
}
