package parley.journal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Keys that sort in the order of the journal: by persistence id, then by sequence number. A
 * persistence id contains no zero character, so the prefix of one id never begins the keys of
 * another id.
 */
final class RowKeys {
  static final byte[] FORMAT = "\0format".getBytes(StandardCharsets.UTF_8);

  private RowKeys() {}

  private static final byte[] SNAPSHOTS_REMOVED =
      "\0removed snapshots\0".getBytes(StandardCharsets.UTF_8);

  /** The prefix of all keys of that id; also the key of its events' mark. */
  static byte[] prefix(String id) {
    if (id.isEmpty() || id.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("a persistence id is not empty and has no zero character");
    }
    byte[] name = id.getBytes(StandardCharsets.UTF_8);
    return Arrays.copyOf(name, name.length + 1);
  }

  /** The key of an entity's removal mark in that family. */
  static byte[] markKey(ColumnFamily columnFamily, String id) {
    byte[] prefix = prefix(id);
    if (columnFamily == ColumnFamily.EVENTS) {
      return prefix;
    }
    return ByteBuffer.allocate(SNAPSHOTS_REMOVED.length + prefix.length)
        .put(SNAPSHOTS_REMOVED)
        .put(prefix)
        .array();
  }

  static byte[] rowKey(byte[] prefix, long number) {
    return ByteBuffer.allocate(prefix.length + Long.BYTES).put(prefix).putLong(number).array();
  }

  /** The first key after all keys of that id. */
  static byte[] upperBound(byte[] prefix) {
    byte[] end = prefix.clone();
    end[end.length - 1] = 1;
    return end;
  }

  static boolean belongs(byte[] key, byte[] prefix) {
    return key.length == prefix.length + Long.BYTES
        && Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
  }

  static long number(byte[] key) {
    return ByteBuffer.wrap(key, key.length - Long.BYTES, Long.BYTES).getLong();
  }

  /** The persistence id in the key of a row or of a mark. */
  static String id(byte[] key) {
    int end = 0;
    while (key[end] != 0) {
      end++;
    }
    return new String(key, 0, end, StandardCharsets.UTF_8);
  }

  static byte[] number(long value) {
    return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
  }
}
