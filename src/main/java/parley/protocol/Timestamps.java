package parley.protocol;

import java.time.LocalDateTime;
import java.time.ZoneOffset;

/** Formats times as clients see them: ISO-8601 in UTC, always with three digits of milliseconds. */
public final class Timestamps {
  private Timestamps() {}

  /**
   * Formats a time, for example {@code 2026-01-31T10:15:30.123Z}. The code does not use {@code
   * Instant.toString}, which drops zeros, nor a formatter, which costs several times as much; every
   * entry has a time.
   *
   * @param epochMillis between the years 0 and 9999
   */
  public static String format(long epochMillis) {
    int millis = Math.floorMod(epochMillis, 1_000);
    LocalDateTime t =
        LocalDateTime.ofEpochSecond(Math.floorDiv(epochMillis, 1_000), 0, ZoneOffset.UTC);
    StringBuilder out = new StringBuilder(24);
    digits(out, t.getYear(), 1_000).append('-');
    digits(out, t.getMonthValue(), 10).append('-');
    digits(out, t.getDayOfMonth(), 10).append('T');
    digits(out, t.getHour(), 10).append(':');
    digits(out, t.getMinute(), 10).append(':');
    digits(out, t.getSecond(), 10).append('.');
    return digits(out, millis, 100).append('Z').toString();
  }

  private static StringBuilder digits(StringBuilder out, int n, int place) {
    for (int p = place; p > 0; p /= 10) {
      out.append((char) ('0' + n / p % 10));
    }
    return out;
  }
}
