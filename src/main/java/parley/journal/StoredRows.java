package parley.journal;

import java.util.Map;
import java.util.Objects;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/**
 * The rows of an open database, by column family and entity. The caller makes sure that the
 * database stays open during each call, and while it uses an {@link EntityRows}.
 */
final class StoredRows {
  private final RocksDB database;
  private final Map<ColumnFamily, ColumnFamilyHandle> families;

  StoredRows(RocksDB database, Map<ColumnFamily, ColumnFamilyHandle> families) {
    this.database = database;
    this.families = families;
  }

  ColumnFamilyHandle family(ColumnFamily columnFamily) {
    return Objects.requireNonNull(families.get(columnFamily));
  }

  /** The rows of one entity that may exist. The caller closes them. */
  EntityRows of(ColumnFamily columnFamily, byte[] prefix, RemovalMark removalMark) {
    return new EntityRows(database, family(columnFamily), prefix, removalMark);
  }

  /** The highest sequence number an event of that entity ever had, 0 for none. */
  long highestNumber(String id) throws RocksDBException {
    byte[] prefix = RowKeys.prefix(id);
    RemovalMark removalMark = mark(ColumnFamily.EVENTS, id);
    return Math.max(
        removalMark.highest(), highestExisting(ColumnFamily.EVENTS, prefix, removalMark));
  }

  /** The highest number of the rows that exist, 0 for none. */
  long highestExisting(ColumnFamily columnFamily, byte[] prefix, RemovalMark removalMark)
      throws RocksDBException {
    try (EntityRows entityRows = of(columnFamily, prefix, removalMark)) {
      entityRows.rows.seekToLast();
      entityRows.rows.status();
      return entityRows.rows.isValid() ? RowKeys.number(entityRows.rows.key()) : 0;
    }
  }

  /** What was removed of an entity. */
  RemovalMark mark(ColumnFamily columnFamily, String id) throws RocksDBException {
    return RemovalMark.decoded(
        database.get(family(ColumnFamily.MARKS), RowKeys.markKey(columnFamily, id)));
  }
}
