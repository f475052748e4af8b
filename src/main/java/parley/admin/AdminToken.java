package parley.admin;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A line of the file of tokens: {@code NAME HASH read|write}. The hash is the SHA-256 of the token,
 * in hex.
 *
 * <p>A plain SHA-256 suffices: the token is 256 random bits, which nobody finds by trying, however
 * fast the hash is. A slow hash with a salt, as passwords have, would protect texts that people
 * chose, and would give a stranger a way to keep the processor busy.
 *
 * @param name for the audit log: 1 to 64 letters, digits and {@code . _ @ -}
 */
public record AdminToken(String name, Hash hash, Right right) {
  /** What tokens begin with, so that people and scanners recognize a leaked one. */
  private static final String PREFIX = "parley_admin_";

  private static final int RANDOM_BYTES = 32;
  private static final int HASH_BYTES = 32;
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._@-]{1,64}");
  private static final Pattern LINE =
      Pattern.compile("(\\S+)\\s+([0-9a-fA-F]{" + 2 * HASH_BYTES + "})\\s+(read|write)");

  /** What the holder of a token may do. */
  public enum Right {
    /** Everything that changes nothing. */
    READ,
    /** Everything. */
    WRITE;

    /** {@code read} or {@code write}. */
    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A token that was just made. It is shown once, and kept nowhere. */
  public record Made(String token, AdminToken line) {
    @Override
    public String toString() {
      return "Made[" + line.name() + "]";
    }
  }

  /** The SHA-256 of a token. */
  static final class Hash {
    private final byte[] bytes;

    private Hash(byte[] bytes) {
      this.bytes = bytes;
    }

    static Hash of(String token) {
      try {
        return new Hash(MessageDigest.getInstance("SHA-256").digest(token.getBytes(US_ASCII)));
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java has SHA-256", e);
      }
    }

    /** Whether both are the same; takes the same time for every other hash. */
    boolean matches(Hash other) {
      return MessageDigest.isEqual(bytes, other.bytes);
    }

    @Override
    public String toString() {
      return "[REDACTED]";
    }
  }

  /** Whether this can be the name of a token. */
  public static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }

  /** Makes a token of 256 random bits. */
  public static Made make(String name, Right right) {
    byte[] random = new byte[RANDOM_BYTES];
    new SecureRandom().nextBytes(random);
    String token = PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    return new Made(token, new AdminToken(name, Hash.of(token), right));
  }

  /** Reads a line, or returns null if it is none. */
  static @Nullable AdminToken parse(String line) {
    Matcher parts = LINE.matcher(line.strip());
    return parts.matches() && isName(parts.group(1))
        ? new AdminToken(
            parts.group(1),
            new Hash(HexFormat.of().parseHex(parts.group(2))),
            Right.valueOf(parts.group(3).toUpperCase(Locale.ROOT)))
        : null;
  }

  /** The line for the file. */
  public String toLine() {
    return name + " " + HexFormat.of().formatHex(hash.bytes) + " " + right.word();
  }

  /** Without the hash. */
  @Override
  public String toString() {
    return "AdminToken[" + name + ", " + right.word() + "]";
  }
}
