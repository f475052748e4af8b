/**
 * The workloads of the load generator. Each concrete {@link parley.bench.scenario.Scenario} is one,
 * and {@link parley.bench.scenario.Cluster} compares several nodes with one. {@code
 * parley.bench.Load} maps command-line names to them. The package also has their common parts:
 * filling conversations, and measuring the cost of the store.
 */
@NullMarked
package parley.bench.scenario;

import org.jspecify.annotations.NullMarked;
