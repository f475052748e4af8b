package parley.control;

import com.fasterxml.jackson.annotation.JsonInclude;

/**
 * A value that an operator has set. Part of the snapshot of the store of settings and of its
 * answers: fields may be added, never renamed or removed. Name and value are texts, so that a node
 * keeps and passes on those that only a newer version knows.
 *
 * @param name of the setting
 * @param value as an operator writes it
 * @param who the name of the operator
 * @param since when it was set, epoch milliseconds
 * @param until when it ends, epoch milliseconds; 0 if it stays until it is removed
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
public record SettingOverride(String name, String value, String who, long since, long until) {
  /** Absent texts are empty. */
  public SettingOverride {
    name = name == null ? "" : name;
    value = value == null ? "" : value;
    who = who == null ? "" : who;
  }

  /** Whether it has ended. */
  boolean isOver(long now) {
    return until != 0 && until <= now;
  }
}
