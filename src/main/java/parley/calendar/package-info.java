/**
 * The calendar: which conversation is to be looked at on which day, and the clock that asks them
 * when the day has come. It knows ids and days, nothing of entries. See {@link
 * parley.calendar.Bucket} and {@link parley.calendar.Clock}.
 */
@NullMarked
package parley.calendar;

import org.jspecify.annotations.NullMarked;
