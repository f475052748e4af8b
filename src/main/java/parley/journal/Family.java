package parley.journal;

/** A column family: rows that are kept together and apart from others. */
enum Family {
  EVENTS,
  SNAPSHOTS,
  MARKS
}
