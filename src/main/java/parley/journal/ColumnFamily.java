package parley.journal;

/** A RocksDB column family: rows of one kind, stored apart from the others. */
enum ColumnFamily {
  EVENTS,
  SNAPSHOTS,
  MARKS
}
