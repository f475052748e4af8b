/**
 * The program: settings, start, shutdown. Imported by nothing.
 *
 * <h2>Decision: a single node joins itself</h2>
 *
 * Discovery waits about eleven seconds for other nodes. A single node has none, so it does not use
 * discovery.
 *
 * <h2>Decision: the server owns the stop</h2>
 *
 * Pekko's shutdown phases do the work. The server's own shutdown hook runs them and closes the
 * store afterwards; a hook of a library beside it would race with that. A broken journal ends the
 * process at once, without a drain: nothing can be stored, so nothing more can be acknowledged.
 *
 * <h2>Decision: the server binds the management routes</h2>
 *
 * Pekko Management's own start cannot report which port it got for port 0. Its readiness knows the
 * cluster, but not the drain.
 *
 * <h2>Decision: the lease reads its token again</h2>
 *
 * Kubernetes replaces the token of a pod about every hour. The library's lease keeps the token that
 * it read first. So after a second split in the life of a node no node could authenticate, and the
 * whole cluster would end. {@code PodLease} makes a new library client for each call.
 *
 * <h2>Decision: JVM options in code</h2>
 *
 * The server sets what happens when memory ends, so it is the same from Maven, from the jar and in
 * an image ({@code Jvm}). Collector and heap are the JVM's choice for the machine, or the
 * operator's.
 */
@NullMarked
package parley.app;

import org.jspecify.annotations.NullMarked;
