package parley.control;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import parley.serial.Stored;

/** Events in the journal of the store of settings. Readable for ever. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes({
  @JsonSubTypes.Type(value = SettingEvent.SettingChanged.class, name = "changed"),
  @JsonSubTypes.Type(value = SettingEvent.SettingRemoved.class, name = "removed"),
})
sealed interface SettingEvent extends Stored {
  /** When it happened, epoch milliseconds. */
  long at();

  /**
   * A value was set.
   *
   * @param until when it ends, epoch milliseconds; 0 if it stays
   */
  @JsonInclude(JsonInclude.Include.NON_DEFAULT)
  record SettingChanged(long at, String name, String value, String who, long until)
      implements SettingEvent {
    public SettingChanged {
      name = name == null ? "" : name;
      value = value == null ? "" : value;
      who = who == null ? "" : who;
    }
  }

  /** A value was removed, so the default of each node holds again. */
  record SettingRemoved(long at, String name) implements SettingEvent {}
}
