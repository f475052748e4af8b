/** The floors of the figures: bare echoes, bare appends and bare removals, without the program. */
@NullMarked
package parley.bench.floor;

import org.jspecify.annotations.NullMarked;
