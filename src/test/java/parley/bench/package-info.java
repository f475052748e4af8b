/**
 * Measures the speed of the program from outside. A load generator on one thread speaks the
 * protocol over non-blocking sockets, and reports when it was the limit itself. Floors show the
 * best possible figures. The program runs as a process of its own, on a core of its own.
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
