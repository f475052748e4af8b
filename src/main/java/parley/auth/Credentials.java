package parley.auth;

import java.util.Optional;
import java.util.regex.Pattern;
import parley.model.Limits;

/** The rules for usernames, passwords and display names, with the messages that clients get. */
final class Credentials {
  private static final int MIN_PASSWORD = 8;
  private static final int MAX_PASSWORD = 128;
  private static final Pattern USERNAME = Pattern.compile("[a-z0-9_.-]{3,32}");

  private Credentials() {}

  static boolean isUsername(String s) {
    return USERNAME.matcher(s).matches();
  }

  /** The first field of a registration that breaks its rule, if any. */
  static Optional<AuthResult.Invalid> check(String username, Secret password, String displayName) {
    if (!isUsername(username)) {
      return invalid("username", "must be 3 to 32 characters of a-z, 0-9, '_', '.' and '-'");
    }
    if (!isPassword(password)) {
      return invalid("password", "must be 8 to 128 characters of valid Unicode");
    }
    int length = codePoints(displayName);
    if (length < 1 || length > Limits.NAME_CHARS) {
      return invalid("display_name", "must be 1 to 64 characters of valid Unicode");
    }
    return Optional.empty();
  }

  private static boolean isPassword(Secret password) {
    int length = codePoints(password.value());
    return length >= MIN_PASSWORD && length <= MAX_PASSWORD;
  }

  /**
   * Whether any rule, old or new, could have accepted this password. If not, a hash of it cannot
   * match.
   */
  static boolean isPossible(Secret password) {
    int length = codePoints(password.value());
    return length >= 0 && length <= MAX_PASSWORD;
  }

  /** Code points of {@code s}, or -1 if it has a lone surrogate, which no UTF-8 can carry. */
  private static int codePoints(String s) {
    boolean lone =
        s.codePoints().anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
    return lone ? -1 : s.codePointCount(0, s.length());
  }

  private static Optional<AuthResult.Invalid> invalid(String field, String message) {
    return Optional.of(new AuthResult.Invalid(field, message));
  }
}
