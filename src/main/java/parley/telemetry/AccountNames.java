package parley.telemetry;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * Keeps the names of users out of the log. An account is stored under its user's name, and
 * libraries write the ids of entities and the paths of actors into their lines: {@code
 * Account|ann}, {@code /sharding/Account/17/ann}. In both the name is replaced by its hash, which
 * is the same in every line, so that lines about one account can still be found together.
 */
final class AccountNames {
  private static final String KIND = "Account";
  private static final int HASH_BYTES = 6;

  /** The names of accounts consist of {@code a-z0-9_.-}; see {@code parley.auth.Credentials}. */
  private static final Pattern NAME =
      Pattern.compile(KIND + "(\\||/\\d{1,5}/|%7[Cc])([A-Za-z0-9_.%-]+)");

  /**
   * How the sharding of entities names one: {@code Account: Started entity with entity id [ann]}.
   */
  private static final Pattern ENTITY =
      Pattern.compile("(?i)\\b(entity(?: id)?) \\[([A-Za-z0-9_.%-]+)]");

  private AccountNames() {}

  /** The text with hashes in place of names. */
  static String hidden(String text) {
    if (!text.contains(KIND)) {
      return text;
    }
    String paths =
        NAME.matcher(text).replaceAll(found -> KIND + found.group(1) + hash(found.group(2)));
    return ENTITY
        .matcher(paths)
        .replaceAll(found -> found.group(1) + " [" + hash(found.group(2)) + "]");
  }

  private static String hash(String name) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
      return "~" + HexFormat.of().formatHex(hash, 0, HASH_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
