package parley.snapshot;

import parley.serial.Stored;

/**
 * The record that is stored in place of a snapshot that is kept in pieces. It tells how to read the
 * snapshot from them, and is written after them. Part of the storage format: fields may be added,
 * never renamed or removed.
 *
 * @param count number of pieces. They are stored under the entity's id followed by {@code #1} to
 *     {@code #count}, with the same sequence number
 * @param bytes total bytes of the pieces
 * @param crc CRC-32 of all pieces together: pieces of two writers never make one snapshot
 * @param serializer identifier of the serializer that wrote the snapshot
 * @param manifest the serializer's manifest
 */
record SnapshotPieces(int count, int bytes, long crc, int serializer, String manifest)
    implements Stored {}
