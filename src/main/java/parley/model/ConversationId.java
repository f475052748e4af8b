package parley.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The id of a conversation, direct or group: see {@link #direct} and {@link #group}.
 *
 * @param value the id itself, see {@link IdRules}
 */
public record ConversationId(@JsonValue String value) implements Comparable<ConversationId> {
  /** Checks the rule for ids; throws {@link IllegalArgumentException} if it is broken. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public ConversationId {
    IdRules.check(value, "conversation_id");
  }

  /**
   * The id of the direct conversation of two users, in either order: 160 bits of SHA-256 over both
   * ids in ascending order. So the id needs no look-up, and nobody can create the id of another
   * pair.
   */
  public static ConversationId direct(UserId one, UserId other) {
    boolean inOrder = one.compareTo(other) <= 0;
    String first = inOrder ? one.value() : other.value();
    String second = inOrder ? other.value() : one.value();
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest((first + '\n' + second).getBytes(StandardCharsets.US_ASCII));
      return new ConversationId("d_" + HexFormat.of().formatHex(hash, 0, 20));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /**
   * The id of a new group.
   *
   * @param unique a unique name, such as a ULID
   */
  public static ConversationId group(String unique) {
    return new ConversationId("g_" + unique);
  }

  @Override
  public int compareTo(ConversationId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
