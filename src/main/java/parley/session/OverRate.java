package parley.session;

import org.jspecify.annotations.Nullable;

/**
 * A message is over a rate.
 *
 * @param limit the name of the limit in meters
 * @param waitMillis the time until there is room for one, milliseconds
 */
public record OverRate(String limit, long waitMillis) {
  /** The time to wait; 0 if the message is within all rates. */
  public static long waitOf(@Nullable OverRate over) {
    return over == null ? 0 : over.waitMillis();
  }
}
