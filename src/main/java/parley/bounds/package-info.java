/**
 * What keeps state, rates and concurrent work bounded: a map that forgets, a token bucket, and a
 * bulkhead. Imports nothing of the project, and every package may use it.
 */
@NullMarked
package parley.bounds;

import org.jspecify.annotations.NullMarked;
