/**
 * The domain's basic types: ids, entries, roles, limits, time. Imports nothing of the project and
 * nothing of Pekko.
 */
@NullMarked
package parley.model;

import org.jspecify.annotations.NullMarked;
