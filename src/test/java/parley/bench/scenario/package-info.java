/**
 * The workloads of the load generator: each concrete {@link parley.bench.scenario.Scenario} is one,
 * and {@link parley.bench.scenario.Cluster} compares several nodes with one. {@code
 * parley.bench.Load} knows their names on the command line. The package also has what several of
 * them share: filling conversations, and the account of the store's cost.
 */
@NullMarked
package parley.bench.scenario;

import org.jspecify.annotations.NullMarked;
