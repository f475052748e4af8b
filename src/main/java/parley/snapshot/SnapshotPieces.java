package parley.snapshot;

import parley.serial.Stored;

/**
 * What stands in the place of a snapshot that is kept in pieces: how to read it from them. Written
 * after they are stored. Part of the storage format: fields may be added, never renamed or removed.
 *
 * @param count of pieces, kept under the entity's id with {@code #1} to {@code #count} behind it
 *     and the same sequence number
 * @param bytes of all of them
 * @param crc CRC-32 of all of them: pieces of two writers never make one snapshot
 * @param serializer identifier of the serializer that wrote them
 * @param manifest for that serializer
 */
record SnapshotPieces(int count, int bytes, long crc, int serializer, String manifest)
    implements Stored {}
