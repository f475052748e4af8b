/**
 * Tests of the whole program over its real ports, written from the protocol alone. The classes
 * share one server unless they hurt it.
 */
@NullMarked
package parley.whole;

import org.jspecify.annotations.NullMarked;
