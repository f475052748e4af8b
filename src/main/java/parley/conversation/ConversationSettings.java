package parley.conversation;

import java.time.Duration;
import parley.snapshot.SnapshotSchedule;

/**
 * The settings of all conversation entities on a node. Those of the cold tier are in {@link
 * ArchiveDependencies}.
 *
 * @param cursorFlushDelay how long cursor moves are gathered before they are written as one event
 * @param tick the interval at which repetitions and deadlines are checked
 * @param idle how long a conversation without commands and with everything acknowledged stays in
 *     memory
 * @param snapshots when snapshots are taken, besides those after a sealed segment
 * @param readJournal the configuration path of the read journal
 * @param shared whether other nodes may write to the journal. Then a node that was removed from the
 *     cluster may have written last, or may be about to, so an incarnation with undelivered entries
 *     begins with an event of its own
 * @param cursorWriteAfter when cursors that only the cursor log has are written to the journal, if
 *     no entry takes them along
 */
public record ConversationSettings(
    Duration cursorFlushDelay,
    Duration tick,
    Duration idle,
    SnapshotSchedule snapshots,
    String readJournal,
    boolean shared,
    Duration cursorWriteAfter) {
  /** With the usual time for cursors. */
  public ConversationSettings(
      Duration cursorFlushDelay,
      Duration tick,
      Duration idle,
      SnapshotSchedule snapshots,
      String readJournal,
      boolean shared) {
    this(cursorFlushDelay, tick, idle, snapshots, readJournal, shared, Duration.ofMinutes(5));
  }

  /** The settings of a single node, whose journal is not shared. */
  public ConversationSettings(
      Duration cursorFlushDelay,
      Duration tick,
      Duration idle,
      SnapshotSchedule snapshots,
      String readJournal) {
    this(cursorFlushDelay, tick, idle, snapshots, readJournal, false);
  }

  /** The settings of a server. */
  public static ConversationSettings standard(String readJournal, boolean shared) {
    return standard(readJournal, shared, Duration.ofSeconds(90));
  }

  /** The settings of a server with another time in memory. */
  public static ConversationSettings standard(String readJournal, boolean shared, Duration idle) {
    return new ConversationSettings(
        Duration.ofMillis(50),
        Duration.ofSeconds(1),
        idle,
        new SnapshotSchedule(500, 2_000),
        readJournal,
        shared);
  }
}
