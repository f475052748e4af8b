package parley.model;

import java.util.Objects;

/** The rule for all ids: 1 to {@value #MAX_LENGTH} visible ASCII characters, otherwise opaque. */
public final class IdRules {
  /** Longest id, in characters. */
  public static final int MAX_LENGTH = 64;

  private IdRules() {}

  /** Whether {@code s} may be an id. */
  public static boolean isId(String s) {
    if (s.isEmpty() || s.length() > MAX_LENGTH) {
      return false;
    }
    for (int i = 0; i < s.length(); i++) {
      char c = s.charAt(i);
      if (c <= 0x20 || c >= 0x7f) {
        return false;
      }
    }
    return true;
  }

  static String check(String s, String what) {
    Objects.requireNonNull(s, what);
    if (!isId(s)) {
      throw new IllegalArgumentException(what + " must be 1 to 64 visible ASCII characters");
    }
    return s;
  }
}
