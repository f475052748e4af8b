/**
 * The faults of a run, and their targets: cluster processes, the networks between them, a shared
 * store, a small disk.
 */
@NullMarked
package parley.proof.faults;

import org.jspecify.annotations.NullMarked;
