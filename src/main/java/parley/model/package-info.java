/**
 * The domain's basic types: ids, entries, roles, views, limits, errors. Imports nothing else of the
 * project and nothing of Pekko.
 */
@NullMarked
package parley.model;

import org.jspecify.annotations.NullMarked;
