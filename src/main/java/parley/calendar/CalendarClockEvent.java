package parley.calendar;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import parley.serial.Stored;

/**
 * What has happened to a {@link CalendarClock}. Read for ever, by the rules of {@link
 * CalendarBucketEvent}.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes(@JsonSubTypes.Type(value = CalendarClockEvent.Turned.class, name = "turned"))
sealed interface CalendarClockEvent extends Stored {
  /** The day it is at since. */
  long day();

  /** All days before are done, or it was turned back. */
  record Turned(long day) implements CalendarClockEvent {}
}
