package parley.archive;

import parley.model.ConversationId;

/**
 * What is known of a segment without reading it. Written last: a segment without one does not
 * exist.
 *
 * @param format version of the segment's format, see {@link parley.archive}
 * @param from seq of its first entry
 * @param to seq of its last entry
 * @param count how many entries it has, {@code to - from + 1}
 * @param bytes of the segment as it is stored
 * @param rawBytes the same before compression
 * @param sha256 of the segment as it is stored, 64 lower case hexadecimal digits
 * @param firstAt when its first entry was accepted, epoch milliseconds
 * @param lastAt when its last entry was accepted, epoch milliseconds
 */
public record Manifest(
    int format,
    ConversationId conversationId,
    long from,
    long to,
    int count,
    long bytes,
    long rawBytes,
    String sha256,
    long firstAt,
    long lastAt) {}
