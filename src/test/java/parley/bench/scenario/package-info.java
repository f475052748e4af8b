/**
 * The workloads of the load generator: each concrete {@link parley.bench.scenario.Scenario} is one,
 * and {@link parley.bench.scenario.Cluster} compares several nodes with one. {@code
 * parley.bench.Load} knows their names on the command line. Beside them stands what several share:
 * how conversations are filled first, and the account of what the store costs.
 */
@NullMarked
package parley.bench.scenario;

import org.jspecify.annotations.NullMarked;
