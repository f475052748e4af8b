/**
 * What keeps state and rates bounded: a map that forgets, and a token bucket. Imports nothing of
 * the project, and every package may use it.
 */
@NullMarked
package parley.bounds;

import org.jspecify.annotations.NullMarked;
