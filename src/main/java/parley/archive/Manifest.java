package parley.archive;

import parley.model.ConversationId;

/**
 * The description of a segment, readable without the segment. It is written last: a segment without
 * a manifest does not exist.
 *
 * @param format version of the segment's format, see {@link parley.archive}
 * @param conversationId the conversation of all its entries
 * @param from seq of its first entry
 * @param to seq of its last entry
 * @param count number of its entries, {@code to - from + 1}
 * @param bytes size of the segment as it is stored
 * @param rawBytes size before compression
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
