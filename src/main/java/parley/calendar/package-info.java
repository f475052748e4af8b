/**
 * The calendar: which conversation archives on which day, and the clock that asks the conversations
 * on that day. It knows ids and days, but no entries. See {@link parley.calendar.CalendarBucket}
 * and {@link parley.calendar.CalendarClock}.
 *
 * <h2>Decision: a calendar instead of a scan</h2>
 *
 * The DynamoDB journal has no query by time or tag. To start every conversation and ask it would
 * cost more than archiving saves. A bucket belongs to a day and a slot. It is bounded, is written
 * once for each conversation and month, and is removed with its day. Rejected: one list for each
 * slot (unbounded); a timer in each entity (the entity would have to stay in memory).
 */
@NullMarked
package parley.calendar;

import org.jspecify.annotations.NullMarked;
