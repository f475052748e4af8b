package parley.journal;

/** A column family: rows that are kept together and apart from others. */
enum ColumnFamily {
  EVENTS,
  SNAPSHOTS,
  MARKS
}
