/**
 * The faults of a run and what they are done to: cluster processes, networks between them, a shared
 * store, a small disk.
 */
@NullMarked
package parley.proof.faults;

import org.jspecify.annotations.NullMarked;
