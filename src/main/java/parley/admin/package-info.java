/**
 * The port for operators: health, metrics, and the routes under {@code /admin} with the jobs behind
 * them (dead letters, signing keys, journal marks, enrolment of the archive), and the routes that
 * show where a message is and that ban users. It asks entities and stores; it decides nothing about
 * conversations.
 *
 * <h2>Decision: one gate before all calls of operators</h2>
 *
 * Context: whoever reached the port could call {@code /admin}, and nobody knew afterwards who had.
 * Decision: every request to {@code /admin} passes {@code AdminGate}, which knows all calls by
 * template, and every other request that is not a {@code GET}, such as a change under {@code
 * /cluster}. It asks who calls ({@code AdminAccess}), and records each change in {@link
 * parley.audit} before its route runs and after. A route that is not in the table is not reached,
 * so none can be forgotten. Rejected: a check in each route (the next one would forget it);
 * accounts of Parley for operators (an operator who repairs the store must be able to log in
 * without it); a record after the change only (a crash in between would hide it).
 *
 * <p>What if: a stranger without a token costs one hash, and a log line ten times; see {@code
 * AdminAccess}. Whoever has a token that may write makes 60 changes at once and then one a second.
 * A tokens file that vanishes or has a wrong line changes nothing. A log that does not answer
 * refuses changes and no reads. Health and metrics need none of this.
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
