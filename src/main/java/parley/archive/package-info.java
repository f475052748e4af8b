/**
 * The cold tier: old entries as compressed segments, in files or in S3. This package knows what is
 * stored, in which format, how it is written safely, and how it is read. The conversation decides
 * which entries move and when, and what becomes of their events.
 *
 * <h2>What is stored, format 1</h2>
 *
 * A segment is up to {@value parley.archive.ColdTier#SEGMENT_ENTRIES} consecutive entries of one
 * conversation. It is two objects, in the bucket or in the folder {@code cold} of the data folder:
 *
 * <pre>
 *   conversations/ID/LAST-FIRST.json                  the manifest
 *   conversations/ID/LAST-FIRST-CHECKSUM.jsonl.gz     the entries
 *
 *   ID         the conversation's; what is no letter, digit, hyphen or underscore is .XX (hexadecimal)
 *   FIRST      seq of the first entry, 19 digits; LAST of the last one
 *   CHECKSUM   the first 16 digits of the SHA-256 of the second object
 * </pre>
 *
 * <p>The entries are gzip (RFC 1952; header without name and time) over UTF-8, one JSON object and
 * a line feed each, ascending, without holes. {@code "seq"} is the first field of a line. Fields,
 * named as in the protocol where it has them:
 *
 * <pre>
 *   all                 seq  message_id  sender_id  type  server_timestamp  client_msg_id?
 *   text                content | deleted  reply_to?  mentions?  edited?
 *   edit                target_seq  content | deleted
 *   delete              target_seq  target_sender_id
 *   reaction            target_seq  reaction?
 *   group_created       name  avatar_url?  member_ids
 *   members_added       member_ids
 *   member_removed      user_id
 *   role_changed        user_id  role
 *   group_changed       name?  avatar_url?
 *
 *   ?            left out where there is none
 *   a | deleted  the former, or deleted: true where it is gone
 *   times        RFC 3339 in UTC with three digits of milliseconds
 * </pre>
 *
 * <p>Entries are stored as they were written: an edit or a delete is an entry of its own and does
 * not change its target. The archiver leaves out the content of deleted entries.
 *
 * <p>The manifest is one JSON object: {@code format}, {@code conversation_id}, {@code from}, {@code
 * to}, {@code count}, {@code first_at}, {@code last_at}, {@code segment} (the name of the other
 * object), {@code bytes}, {@code raw_bytes} (uncompressed), {@code sha256} of the compressed bytes.
 *
 * <p>Every later version reads this format. Fields may be added; older versions ignore them. Any
 * other change is format 2, which older versions refuse by its number. Older versions also refuse a
 * new type of entry.
 *
 * <h2>Finding a seq</h2>
 *
 * Names begin with the last seq, and the length of a segment is bounded. So the segment of a seq
 * has one of two prefixes of 15 digits: one listing (two at a border), then the manifest, then the
 * segment. There is no index, and no request grows with the conversation. See {@code ObjectKeys}.
 *
 * <h2>Writing</h2>
 *
 * See {@code SegmentTier}. A segment counts when its manifest exists. The manifest is written after
 * the segment has been read back and every entry compared. Objects are never changed in place.
 *
 * <h2>Failures</h2>
 *
 * {@code parley-archive.conf} contains the bounds and times. Four threads of this package wait for
 * disks and for AWS's credentials, and compress. If S3 is slow or down, cold reads fail with {@link
 * parley.archive.ColdUnavailable} within 10 s, at once after five failures in a row, and at once if
 * 64 are waiting already. Nothing else waits for S3.
 *
 * <h2>Decision: ordinary objects</h2>
 *
 * Entries are gzip and JSON lines, in one folder for each conversation. A denser format (columns,
 * zstd with a dictionary) would save perhaps half, but could not be read with the tools that every
 * machine has. Segment and manifest are two objects, because S3 offers only one atomic step, a
 * single put, and the put of the manifest is that step. The name of a segment contains its
 * checksum. So an attempt never overwrites a segment that another attempt relies on, also if a
 * paused node wakes up in the middle of it. Rejected: an index object for each conversation,
 * because it would be rewritten with every segment, by every node that believes it is the owner.
 * Rejected: state in the entity for each segment, because it would grow for ever.
 *
 * <h2>Decision: pekko-http-xml is unpacked</h2>
 *
 * The S3 connector needs two classes of a library that exists only for an older pekko-http. That
 * library refuses to start beside a newer one. The build unpacks the two classes into the program
 * without the manifest that carries the version (Apache License 2.0). Rejected: to switch off
 * {@code pekko.fail-mixed-versions}, which protects everything else too, and which would log a
 * warning at each start.
 */
@NullMarked
package parley.archive;

import org.jspecify.annotations.NullMarked;
