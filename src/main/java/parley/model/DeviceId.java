package parley.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/**
 * The id of a user's device, chosen by the client.
 *
 * @param value the id itself, see {@link IdRules}
 */
public record DeviceId(@JsonValue String value) implements Comparable<DeviceId> {
  /** Checks the rule for ids; throws {@link IllegalArgumentException} if it is broken. */
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
