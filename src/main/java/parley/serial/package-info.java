/**
 * Marker types that bind messages and events to their serializer, and the serializer that refuses.
 * Every later version reads what is marked {@link parley.serial.Stored}. Nodes one version older or
 * newer read what is marked {@link parley.serial.Wire}. What is marked {@link parley.serial.Local}
 * never leaves its node.
 *
 * <h2>The form on the wire</h2>
 *
 * Jackson CBOR with the class name as manifest, which Artery sends once and then as a number, as it
 * does with references. Bytes of a message with a text of 100 bytes, without the manifest and the
 * references (test {@code WireBytesTest} prints the table):
 *
 * <pre>
 *                            full names  as it is  all short  no names  gzip
 *   Conversation.Post               302       268        247       229   236
 *   Conversation.Posted             169       127        126       114   120
 *   User.Deliver                    725       589        522       454   339
 *   Delivery.Numbered(Entries)          355       328        287       261   260
 *   FromUser(Dispatched)             80        61         59        49    81
 *   User.Acked                      141       103        101        89   122
 * </pre>
 *
 * <p>So records that travel with every message and are not stored have property names of one or two
 * letters. Entries keep the names that they have in the journal. A hand-written codec ("no names")
 * would save another tenth, but would lose the rules below, which Jackson keeps. Compression would
 * pay for {@code Deliver} alone, at the cost of processor time for each recipient. It is not used.
 *
 * <p>No message may exceed the transport's frame of 256 KiB. What can be large is cut at {@link
 * parley.serial.Wire#CHUNK_BYTES}. The tests called {@code ConversationSizesTest} and {@code
 * UserSizesTest} fill every bound.
 *
 * <h2>Changing a message while old and new nodes run together</h2>
 *
 * <ul>
 *   <li>A field may be added. Older nodes ignore it; from them it comes as null, 0 or false, and
 *       that must mean "as before". (An absent list is null as well.)
 *   <li>A field may be left unused. It never gets another meaning, another type or the name of
 *       another field.
 *   <li>A new message, a new kind of a sealed field (its name is added beside the others), a new
 *       constant of an enum: first a version that reads it everywhere, then one that sends it. A
 *       node that cannot read a message drops it and logs that. The sender must cope with that as
 *       with any loss.
 *   <li>A class is not renamed or moved: its name is the manifest. (Jackson's {@code migrations}
 *       can map an old name to a new one, also in two steps.)
 *   <li>Serializer identifiers never change, and the number of shards only while no node runs.
 * </ul>
 *
 * <h2>Changing what is written: expand, migrate, contract</h2>
 *
 * The newest two versions run beside each other, and the older one may have to come back. So what
 * an older one cannot read is never written before a switch says so:
 *
 * <ol>
 *   <li>Expand: a version reads the new form and writes the old one.
 *   <li>Migrate: when it runs on every node, a switch makes nodes write the new form. Either the
 *       switch is a role that all members must have ({@code parley.cursors.CursorLogSharding}), so
 *       one older node holds it back, or a setting. From here on there is no way back to a version
 *       before step 1.
 *   <li>Contract: a later version no longer writes the old form. What is stored is read for ever.
 * </ol>
 *
 * <p>The test {@code WireFormTest} holds every message in the form in which it first was sent, and
 * reads it with unknown fields added.
 *
 * <p>A context of a trace ({@code x} in {@code Post}, {@code Deliver} and {@code Entries}) is such
 * a field. It is absent unless the message is traced, so it costs the usual message no byte.
 *
 * <h2>What happens when a message is lost</h2>
 *
 * Between nodes a message arrives in order or not at all: a connection breaks, a buffer is full, a
 * shard moves. No protocol here relies on more.
 *
 * <pre>
 *   Post, Posted              the session answers unavailable after 15 s; the client asks again under
 *                             the same client_msg_id, and gets the first answer
 *   other requests            the requester waits 15 s at most (5 s for a profile), then unavailable
 *   and replies
 *   Deliver, Dispatched       after 3, 6, then every 12 s the conversation sends again what is not
 *                             acknowledged, with the cursors of all members
 *   Holding                   the conversation sends again as if the user had not answered
 *   Delivered                 repeated after 3, 6 … s, five times, and at the user's next hello,
 *                             until a message of the conversation shows that it arrived
 *   Renamed                   the same from 5 s on, and whenever the user's entity starts
 *   Ensure, Attach, Attached, the session gives up after 10 s, and its client connects again
 *   MoreLagging,
 *   ProbeSession, SessionAlive
 *   Numbered (entries, rows,  the next number, or the next check (20 s), shows the hole: the session
 *   receipts, gaps)           ends with state_lost, and the device gets what it lacks at its next hello
 *   Acked                     the next check shows it: all since the last good check are sent again
 *   Check, Checked            asked again; after four in a row without an answer the session looks for
 *                             its user anew, every 2 s, and after a minute ends with state_lost
 *   Ended                     the next check is answered with it again
 *   Claim, LosePushToken      the caller waits 4 s, then unavailable; what is not sent yet is
 *                             sent at the next claim
 *   EndLogin, EndFamily       sent again after 5 s, and after a restart of the entity, until acknowledged
 *   Watch, PresenceSeen       renewed every minute, and answered with the presence
 *   Typing, TypingSeen        not at all: a hint
 *   Spent, Level              the next one repairs it; until then one batch more, see MessageRate
 *   BeginGroup, GroupBegun    the HTTP call ends with unavailable; under the same client_ref the next
 *                             one gets the same group
 *   ClockWatch.AskTime, ClockTime      asked again after 5 s
 *   Keep, Kept (reminders)    asked again every second until it is answered; nothing is written before
 *   Keep, Kept, NotKept       of the cursor log: after 5 s the conversation writes its own journal
 *   Find, Found               asked again every second; the conversation handles nothing before
 *   Release, NotThere, Wake   a reminder that is not released, or whose wake is lost, wakes its
 *                             conversation every 30 s; the conversation answers with one of these or Keep
 *   Adopt, Adopted            asked again after 5 s, and by the next node from the beginning
 *   the end of a session      are not messages: death watch, also where a node is gone; a session
 *   or of a user              whose user ends looks for it in its new place
 * </pre>
 *
 * <h2>Decision: no class names in the journal</h2>
 *
 * Each root type of stored data has its own Jackson CBOR serializer with a number that never
 * changes. The reason: without a type in the manifest, a serializer can read exactly one root type.
 * Rejected: class names (no class could be renamed); Protobuf (a second language for forty
 * records).
 */
@NullMarked
package parley.serial;

import org.jspecify.annotations.NullMarked;
