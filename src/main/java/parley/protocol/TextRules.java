package parley.protocol;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Checks of text before it is accepted. */
final class TextRules {
  private TextRules() {}

  /**
   * Length in UTF-8, in bytes. A lone surrogate counts as three bytes, the length it would have if
   * UTF-8 allowed it.
   */
  static int utf8Bytes(String s) {
    int bytes = 0;
    for (int i = 0; i < s.length(); i++) {
      char c = s.charAt(i);
      if (c < 0x80) {
        bytes += 1;
      } else if (c < 0x800) {
        bytes += 2;
      } else if (isPair(s, i)) {
        bytes += 4;
        i++;
      } else {
        bytes += 3;
      }
    }
    return bytes;
  }

  /**
   * Whether the text has no lone surrogate. JSON can spell one ({@code "\ud800"}), but UTF-8 cannot
   * encode it: accepted, it would reach every reader as a different character.
   */
  static boolean isWellFormed(String s) {
    for (int i = 0; i < s.length(); i++) {
      if (Character.isSurrogate(s.charAt(i))) {
        if (!isPair(s, i)) {
          return false;
        }
        i++;
      }
    }
    return true;
  }

  private static boolean isPair(String s, int i) {
    return Character.isHighSurrogate(s.charAt(i))
        && i + 1 < s.length()
        && Character.isLowSurrogate(s.charAt(i + 1));
  }

  /** Decodes UTF-8; null if the bytes are not valid UTF-8. */
  static @Nullable String decode(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(bytes))
          .toString();
    } catch (CharacterCodingException e) {
      return null;
    }
  }

  /** Number of characters (code points). */
  static int codePoints(String s) {
    return s.codePointCount(0, s.length());
  }

  /** Whether all characters are visible ASCII. */
  static boolean isVisibleAscii(String s) {
    return s.chars().allMatch(c -> c > 0x20 && c < 0x7f);
  }

  /**
   * Whether the text consists of {@code min} to {@code max} lower-case letters, digits and
   * characters of {@code more}; also upper-case letters if {@code upperCase}.
   */
  static boolean isName(String s, int min, int max, boolean upperCase, String more) {
    return s.length() >= min
        && s.length() <= max
        && s.chars()
            .allMatch(
                c ->
                    (c >= 'a' && c <= 'z')
                        || (c >= '0' && c <= '9')
                        || (upperCase && c >= 'A' && c <= 'Z')
                        || more.indexOf(c) >= 0);
  }

  /** Whether the text is an absolute http or https URL. */
  static boolean isWebUrl(String s) {
    try {
      URI uri = new URI(s);
      if (uri.getScheme() == null || uri.getRawAuthority() == null) {
        return false;
      }
      String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
      return scheme.equals("http") || scheme.equals("https");
    } catch (URISyntaxException e) {
      return false;
    }
  }
}
