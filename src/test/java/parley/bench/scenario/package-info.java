/** The workloads that can be run by name. Each class is one argument of the command line. */
@NullMarked
package parley.bench.scenario;

import org.jspecify.annotations.NullMarked;
