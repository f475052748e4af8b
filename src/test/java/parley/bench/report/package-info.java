/** Results of a run: figures, processor time, bottleneck, and how they are printed. */
@NullMarked
package parley.bench.report;

import org.jspecify.annotations.NullMarked;
