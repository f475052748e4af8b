/**
 * How a node becomes a member of its cluster and detects that it must not be one any longer:
 * joining, the majority of seed nodes, the wait for a previous incarnation, pauses of the process,
 * clocks that disagree, certificates between nodes, the lease of Kubernetes. The behaviour of
 * entities is not here.
 *
 * <h2>Decision: a single node joins itself</h2>
 *
 * Discovery waits about eleven seconds for other nodes. A single node has none, so it does not use
 * discovery.
 *
 * <h2>Decision: the lease reads its token again</h2>
 *
 * Kubernetes replaces the token of a pod about every hour. The library's lease keeps the token that
 * it read first. So after a second split in the life of a node no node could authenticate, and the
 * whole cluster would end. {@code PodLease} makes a new library client for each call.
 */
@NullMarked
package parley.cluster;

import org.jspecify.annotations.NullMarked;
