package parley.journal;

import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;

/**
 * An iterator over the rows of one entity that may exist, with the native objects to release after
 * the read.
 */
final class EntityRows implements AutoCloseable {
  private final Slice lowerBound;
  private final Slice upperBound;
  private final ReadOptions readOptions;
  final RocksIterator rows;

  EntityRows(
      RocksDB database, ColumnFamilyHandle columnFamily, byte[] prefix, RemovalMark removalMark) {
    lowerBound = new Slice(RowKeys.rowKey(prefix, removalMark.lowestPossible()));
    upperBound = new Slice(RowKeys.upperBound(prefix));
    readOptions =
        new ReadOptions().setIterateLowerBound(lowerBound).setIterateUpperBound(upperBound);
    rows = database.newIterator(columnFamily, readOptions);
  }

  @Override
  public void close() {
    rows.close();
    readOptions.close();
    upperBound.close();
    lowerBound.close();
  }
}
