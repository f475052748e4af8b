/** Clients that write, read, retry and reconnect, and record what they send and see. */
@NullMarked
package parley.proof.swarm;

import org.jspecify.annotations.NullMarked;
