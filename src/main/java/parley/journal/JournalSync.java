package parley.journal;

/** When what was committed is forced to the disk. */
public enum JournalSync {
  /**
   * When the operating system likes, seconds later. No death of the process loses anything; a power
   * failure may cost the end of what was acknowledged, and then the {@link JournalFile#epoch epoch}
   * changes.
   */
  OS,
  /** Before it is reported as stored: a power failure loses nothing either. */
  ALWAYS
}
