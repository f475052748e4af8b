package parley.archive;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * What the cold tier holds is not what was written: a checksum is wrong, a segment is missing, a
 * format is of a later version. Somebody has to look; trying again does not help.
 */
public final class ColdDamaged extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * A failure.
   *
   * @param problem what is wrong, and in which object; without content
   * @param cause what it came from, if anything
   */
  public ColdDamaged(String problem, @Nullable Throwable cause) {
    super(problem, cause);
  }
}
