/**
 * The names of meters, their registry, and the limiter of repeated log lines. Labels have small
 * closed sets of values; nothing of a user becomes a label. Imports nothing of the project.
 */
@NullMarked
package parley.telemetry;

import org.jspecify.annotations.NullMarked;
