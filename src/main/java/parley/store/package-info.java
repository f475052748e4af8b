/**
 * Which journal keeps the events, and its safety: the data folder and its lock, the embedded
 * journal ({@code parley.journal}) or DynamoDB and its write guard, the watch that ends a process
 * whose store is broken. Knows nothing of what is stored.
 */
@NullMarked
package parley.store;

import org.jspecify.annotations.NullMarked;
