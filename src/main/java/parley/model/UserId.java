package parley.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/**
 * The id of a user. An id of this server is a ULID after the prefix {@code u_}; an external
 * issuer's user has the {@code sub} of its token.
 *
 * @param value the id itself, see {@link IdRules}
 */
public record UserId(@JsonValue String value) implements Comparable<UserId> {
  /** Checks the rule for ids; throws {@link IllegalArgumentException} if it is broken. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public UserId {
    IdRules.check(value, "user_id");
  }

  @Override
  public int compareTo(UserId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
