/**
 * The result of a run: figures, processor time, bottleneck, and their output as a table and as
 * JSON.
 */
@NullMarked
package parley.bench.report;

import org.jspecify.annotations.NullMarked;
