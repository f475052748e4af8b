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
 *
 * <h2>Decision: the number of pods that begin a cluster follows the StatefulSet</h2>
 *
 * Fewer than half of the pods must not form a second cluster. A setting had to follow each change
 * of the replicas by hand, which an autoscaler does not do. {@code PodJoinDecider} asks the API for
 * the replicas at the moment of the decision. Rejected: to read the number once at the start (it
 * may change while a pod waits); to count the pods that exist (pods of a lost machine are not
 * listed, which is the case the rule is for).
 */
@NullMarked
package parley.cluster;

import org.jspecify.annotations.NullMarked;
