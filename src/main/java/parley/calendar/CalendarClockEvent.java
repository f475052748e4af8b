package parley.calendar;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import parley.serial.Stored;

/**
 * An event of a {@link CalendarClock}. Every later version reads it, by the rules of {@link
 * CalendarBucketEvent}.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes(@JsonSubTypes.Type(value = CalendarClockEvent.Turned.class, name = "turned"))
sealed interface CalendarClockEvent extends Stored {
  /** The current day of the clock from this event on. */
  long day();

  /**
   * The clock has moved to this day: earlier days are done, or a clock that was ahead is corrected.
   */
  record Turned(long day) implements CalendarClockEvent {}
}
