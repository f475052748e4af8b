/**
 * The proof that the guarantees hold, in Jepsen's way (https://jepsen.io): a {@code Swarm} of
 * clients does random things while the server is hurt, a {@link
 * parley.proof.checker.RecordedHistory} records what every client did and saw, and afterwards a
 * {@link parley.proof.checker.Checker}, which knows only the record, judges G1 to G6. The server's
 * own classes play no part in the judgement.
 */
@NullMarked
package parley.proof;

import org.jspecify.annotations.NullMarked;
