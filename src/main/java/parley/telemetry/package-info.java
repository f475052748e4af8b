/**
 * The names of meters, their registry, and the limiter of repeated log lines. Labels have small
 * closed sets of values; nothing of a user becomes a label. Imports nothing of the project.
 *
 * <h2>Decision: an appender limits the log</h2>
 *
 * {@link parley.telemetry.LogLimiter} is an appender and not a filter, because a timer writes the
 * summary in place of suppressed lines. A filter before the event is made would also have to judge
 * lines of levels that are off. Rejected: logback's own {@code DuplicateMessageFilter}, which
 * suppresses a message for ever after it came five times, and does not report this.
 */
@NullMarked
package parley.telemetry;

import org.jspecify.annotations.NullMarked;
