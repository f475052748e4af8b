/**
 * The proof that the guarantees hold, by the method of Jepsen (https://jepsen.io). A {@code Swarm}
 * of clients does random things while faults hit the server. A {@link
 * parley.proof.checker.RecordedHistory} records what every client did and saw. Afterwards a {@link
 * parley.proof.checker.Checker}, which sees only the record, checks G1 to G6. The checker uses no
 * class of the server.
 */
@NullMarked
package parley.proof;

import org.jspecify.annotations.NullMarked;
