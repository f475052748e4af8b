/**
 * The names of meters and their registry, the form and the limiter of log lines, and the interface
 * by which entities record traces. Labels have small closed sets of values; nothing of a user
 * becomes a label. Imports nothing of the project.
 *
 * <h2>What the log never contains</h2>
 *
 * No content, no token, no password and no name of a user. Ids of users, devices, conversations and
 * messages are in it. (A device's id is what its client chose, and the id of an identity provider's
 * user is the provider's {@code sub}.) Each statement keeps to that. Libraries cannot: they write
 * the ids of entities, and the id of an account is its user's name. So {@link
 * parley.telemetry.AccountNames} replaces these in all messages and exceptions.
 *
 * <p>The log is written by the thread that logs, as the console takes it. A console that nobody
 * reads stops that thread: so it always was, and what a container's runtime does not do. The way of
 * a message costs nothing unless it is chosen, and then a line for each step; {@link
 * parley.telemetry.LogLimiter} bounds the lines. Lines are lost with the process, no more. The
 * meter {@code parley_log_suppressed_total} counts what was left out.
 *
 * <h2>Decision: JSON by logstash-logback-encoder</h2>
 *
 * Logback's own JSON encoder fixes the names of fields, and knows no field of ours. Rejected: an
 * encoder written here, which would have to escape and to bound what Jackson's generator does
 * already; ECS or GELF names, of which no collector needs one.
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
