/**
 * Checks a recorded history against the guarantees of the protocol, with one class for each kind of
 * rule.
 */
@NullMarked
package parley.proof.checker;

import org.jspecify.annotations.NullMarked;
