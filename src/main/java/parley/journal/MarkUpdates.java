package parley.journal;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/** The removal marks that a batch changes, and the range deletions that go with them. */
final class MarkUpdates {
  private final StoredRows stored;
  private final WriteBatch batch;
  private final Map<ByteBuffer, RemovalMark> changed = new HashMap<>();

  MarkUpdates(StoredRows stored, WriteBatch batch) {
    this.stored = stored;
    this.batch = batch;
  }

  private RemovalMark of(ColumnFamily columnFamily, String id) throws RocksDBException {
    RemovalMark removalMark = changed.get(ByteBuffer.wrap(RowKeys.markKey(columnFamily, id)));
    return removalMark == null ? stored.mark(columnFamily, id) : removalMark;
  }

  private void put(ColumnFamily columnFamily, String id, RemovalMark removalMark)
      throws RocksDBException {
    byte[] key = RowKeys.markKey(columnFamily, id);
    changed.put(ByteBuffer.wrap(key), removalMark);
    batch.put(stored.family(ColumnFamily.MARKS), key, removalMark.encoded());
  }

  /**
   * Removes an entity's rows up to a number. Rows that wait in the same batch are not seen: they
   * are neither removed nor counted. That is correct, because an entity's writes are complete
   * before its rows are removed, so rows in the batch are newer.
   */
  void remove(ColumnFamily columnFamily, String id, long wanted) throws RocksDBException {
    byte[] prefix = RowKeys.prefix(id);
    RemovalMark removalMark = of(columnFamily, id);
    long last = stored.highestExisting(columnFamily, prefix, removalMark);
    long upTo = Math.min(wanted, last);
    if (upTo > removalMark.removed()) {
      // The range starts after the rows that were removed before, so the ranges of one entity
      // never overlap. Each reader would have to sort overlapping ranges.
      batch.deleteRange(
          stored.family(columnFamily),
          RowKeys.rowKey(prefix, removalMark.lowestPossible()),
          RowKeys.rowKey(prefix, upTo + 1));
      put(columnFamily, id, new RemovalMark(Math.max(removalMark.highest(), last), upTo));
    }
  }

  /**
   * Lowers the mark for a snapshot that is stored late, after a removal that covers its number.
   * Readers start after the mark and would not see the snapshot.
   */
  void keepVisible(ColumnFamily columnFamily, String id, long number) throws RocksDBException {
    RemovalMark removalMark = of(columnFamily, id);
    if (removalMark.removed() > 0 && number <= removalMark.removed()) {
      put(columnFamily, id, new RemovalMark(removalMark.highest(), Math.max(0, number - 1)));
    }
  }
}
