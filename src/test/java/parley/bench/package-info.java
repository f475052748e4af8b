/**
 * Measures the speed of the server from outside. A load generator on one thread speaks the protocol
 * over non-blocking sockets and reports when it was the bottleneck itself. Floors measure the
 * libraries without Parley, which shows the best possible figures. The server runs in its own
 * process on its own core.
 *
 * <pre>
 *  Load --runs--&gt; Scenario --drives--&gt; VirtualUsers (BenchDevice) --frames--&gt; EventLoop --bytes--&gt; server
 *                    |                      |
 *               BenchResult       ReceivedSeqs, BenchConversation: delivered and lost entries
 * </pre>
 */
@NullMarked
package parley.bench;

import org.jspecify.annotations.NullMarked;
