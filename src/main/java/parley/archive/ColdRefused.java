package parley.archive;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * A setting of the cold tier cannot be right: the bucket does not exist, the credentials may not
 * use it, the folder cannot be written. The message is one line that begins with the setting's
 * name.
 */
public final class ColdRefused extends IllegalArgumentException {
  @Serial private static final long serialVersionUID = 1L;

  ColdRefused(String problem, @Nullable Throwable cause) {
    super(problem, cause);
  }
}
