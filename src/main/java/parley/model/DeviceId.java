package parley.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/**
 * A device of a user, named by the client.
 *
 * @param value the id itself, see {@link IdRules}
 */
public record DeviceId(@JsonValue String value) implements Comparable<DeviceId> {
  /** Checks the rule for ids; throws {@link IllegalArgumentException} where it is broken. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public DeviceId {
    IdRules.check(value, "device_id");
  }

  @Override
  public int compareTo(DeviceId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
