/**
 * Lower bounds: echo, append and removal measured on the libraries alone, without Parley's code.
 */
@NullMarked
package parley.bench.floor;

import org.jspecify.annotations.NullMarked;
