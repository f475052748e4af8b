/**
 * The frames of the socket and the bodies of HTTP calls, as types and as JSON. Only this package
 * knows the JSON of clients. It knows nothing of Pekko, of entities or of connections.
 *
 * <h2>Decision: what the contract leaves open</h2>
 *
 * <ul>
 *   <li>Deleting, editing or reacting to a deleted entry is {@code forbidden}.
 *   <li>A target that does not exist is {@code not_found}, and the error names {@code target_seq}.
 *   <li>A direct conversation that was opened, and in which nobody has written, is only in the
 *       inbox of the user who opened it.
 *   <li>A group keeps at least one admin. The last admin cannot become a member, but may leave.
 *   <li>An eleventh device replaces the device that was away longest. If all ten are connected, it
 *       is refused.
 *   <li>A banned user's retry of a message that was accepted before the ban is {@code forbidden},
 *       like every send: the ban is looked at before the conversation is asked, and what a banned
 *       user may learn does not depend on what was sent before. The entry stays as it is, and after
 *       the ban the same retry is answered as a duplicate.
 *   <li>A control pong keeps a connection alive, like a data frame. A control ping is answered, but
 *       does not keep the connection alive.
 * </ul>
 *
 * <p>Two calls are additions: {@code GET /v1/users/{user_id}}, because members and senders are
 * named by id only, and {@code PATCH /v1/conversations/{id}} with {@code muted}, {@code pinned} or
 * {@code archived}, the caller's own marks on its inbox row. {@code GET /v1/users?username=} finds
 * users who registered here. Users of an external identity provider have no account and are not
 * found by it: their {@code username} is their id, and an app gets it elsewhere, for example from
 * the provider's directory.
 */
@NullMarked
package parley.protocol;

import org.jspecify.annotations.NullMarked;
