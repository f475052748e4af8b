package parley.archive;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * The cold tier does not hold what was written: a checksum is wrong, a segment is missing, a format
 * is of a later version. An operator has to look; a retry does not help.
 */
public final class ColdDamaged extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Creates a failure.
   *
   * @param problem what is wrong, and in which object; without content
   * @param cause the underlying failure, if any
   */
  public ColdDamaged(String problem, @Nullable Throwable cause) {
    super(problem, cause);
  }
}
