/** Tests of traces, with a collector that keeps what it gets and draws it. */
@NullMarked
package parley.traces;

import org.jspecify.annotations.NullMarked;
