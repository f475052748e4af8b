/**
 * How fast the program is, measured from outside: a load generator that speaks the protocol by hand
 * over non-blocking sockets, on one thread, and judges its own limit; and the floors that the
 * figures are compared with. It starts the program as a process of its own, on a core of its own.
 *
 * <pre>
 *   Load --runs--&gt; Scenario --drives--&gt; Crowd of BenchDevice --frames--&gt; EventLoop --bytes--&gt; the program
 *                     |                     |
 *                BenchResult            ReceivedSeqs, BenchConversation: what arrived, what was lost
 * </pre>
 */
@NullMarked
package parley.bench;

import org.jspecify.annotations.NullMarked;
