package parley.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/**
 * A person. Ours are ULIDs behind `u_`; an external issuer's are its token's {@code sub}.
 *
 * @param value the id itself, see {@link IdRules}
 */
public record UserId(@JsonValue String value) implements Comparable<UserId> {
  /** Checks the rule for ids; throws {@link IllegalArgumentException} where it is broken. */
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
