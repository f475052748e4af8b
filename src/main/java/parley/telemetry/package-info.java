/**
 * The names of meters and the registry behind them. Labels come from small closed sets; nothing of
 * a user ever becomes one. Imports nothing of the project.
 */
@NullMarked
package parley.telemetry;

import org.jspecify.annotations.NullMarked;
