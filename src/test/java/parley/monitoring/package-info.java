/**
 * Tests of {@code k8s/components/monitoring}: alerts and dashboards. Prometheus itself judges them:
 * its tool checks the rules and runs their tests, and its server asks real nodes. No class here
 * knows how a meter is made.
 */
@NullMarked
package parley.monitoring;

import org.jspecify.annotations.NullMarked;
