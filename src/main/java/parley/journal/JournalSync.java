package parley.journal;

/** When commits are forced to the disk. */
public enum JournalSync {
  /**
   * When the operating system decides, seconds later. The end of a process loses nothing. A power
   * failure may lose the last acknowledged writes, and then the {@link JournalFile#epoch epoch}
   * changes.
   */
  OS,
  /** Before a write is acknowledged: a power failure loses nothing either. */
  ALWAYS
}
