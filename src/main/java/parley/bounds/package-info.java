/**
 * What keeps state, rates and waiting work bounded: a map that forgets, token buckets, a bulkhead,
 * a counter of the most frequent, and the guard of an actor that writes. Imports nothing of the
 * project, and every package may use it.
 */
@NullMarked
package parley.bounds;

import org.jspecify.annotations.NullMarked;
