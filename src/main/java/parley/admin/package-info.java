/**
 * The port for operators: health, metrics, and the routes under {@code /admin} with the jobs behind
 * them (dead letters, signing keys, journal marks, enrolment of the archive). It asks entities and
 * stores; it decides nothing about conversations.
 *
 * <h2>Decision: the server binds the management routes</h2>
 *
 * Pekko Management's own start cannot report which port it got for port 0. Its readiness knows the
 * cluster, but not the drain.
 */
@NullMarked
package parley.admin;

import org.jspecify.annotations.NullMarked;
