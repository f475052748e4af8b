/**
 * The program: it puts the parts of a node together, starts them and stops them in order, and has
 * the commands that run instead of a server. No package imports it.
 *
 * <h2>Decision: the server owns the stop</h2>
 *
 * Pekko's shutdown phases do the work. The server's own shutdown hook runs them and closes the
 * store afterwards; a hook of a library beside it would race with that. A broken journal ends the
 * process at once, without a drain: nothing can be stored, so nothing more can be acknowledged.
 *
 * <h2>Decision: JVM options in code</h2>
 *
 * The server sets what happens when memory runs out, so it is the same from Maven, from the jar and
 * in an image ({@code Jvm}). Collector and heap are the JVM's choice for the machine, or the
 * operator's.
 */
@NullMarked
package parley.app;

import org.jspecify.annotations.NullMarked;
