/**
 * The runbooks of {@code k8s/runbooks}, walked through: three nodes on this machine, a fault, the
 * commands of the runbook and what they print. {@link parley.proof.drill.RunbookWalk} is the
 * program.
 */
@NullMarked
package parley.proof.drill;

import org.jspecify.annotations.NullMarked;
