package parley.push;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/**
 * Parser of the header {@code Retry-After} (RFC 9110, 10.2.3): a number of seconds or a date. The
 * result is at most {@link #MAX_WAIT}; a date in the past gives zero.
 */
final class RetryAfter {
  /** A longer wait is a mistake of the provider or an attempt to silence this server. */
  static final Duration MAX_WAIT = Duration.ofDays(1);

  private RetryAfter() {}

  /** The wait, or empty if the value is neither a number nor a date. */
  static Optional<Duration> parse(String value, Instant now) {
    String text = value.strip();
    if (!text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      // Nine digits of seconds are 31 years, and fit.
      long seconds = text.length() > 9 ? Long.MAX_VALUE : Long.parseLong(text);
      return Optional.of(Duration.ofSeconds(Math.min(seconds, MAX_WAIT.toSeconds())));
    }
    try {
      Instant at = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      Duration wait = Duration.between(now, at);
      if (wait.isNegative()) {
        return Optional.of(Duration.ZERO);
      }
      return Optional.of(wait.compareTo(MAX_WAIT) > 0 ? MAX_WAIT : wait);
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }
}
