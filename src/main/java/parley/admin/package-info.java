/**
 * The port for operators: health, metrics, and the routes under {@code /admin} with the jobs behind
 * them (dead letters, signing keys, journal marks, enrolment of the archive), and the routes that
 * show where a message is. It asks entities and stores; it decides nothing about conversations.
 *
 * <h2>Decision: the server binds the management routes</h2>
 *
 * Pekko Management's own start cannot report which port it got for port 0. Its readiness knows the
 * cluster, but not the drain.
 *
 * <h2>Decision: the two jobs share no skeleton</h2>
 *
 * {@code DeadLetterReplay} walks pages of slots as messages to itself, and waits for each page's
 * outcome before it removes anything. {@code ArchiveEnrolment} is one throttled stream over names
 * that can be cancelled. Common to both are a flag and the refusal of a second start. Rejected: a
 * class for that, whose type parameters (request, progress, step) would be longer than what they
 * save.
 */
@NullMarked
package parley.admin;

import org.jspecify.annotations.NullMarked;
