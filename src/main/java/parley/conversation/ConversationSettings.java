package parley.conversation;

import java.time.Duration;

/**
 * The times of a conversation.
 *
 * @param cursorsAfter how long cursor moves are gathered before they become one event
 * @param tick how often repetitions and deadlines are looked at
 * @param idle how long without messages, with everything dispatched, before it leaves memory
 * @param snapshotEvery events between snapshots
 * @param readJournal the configuration path of the journal to read from
 * @param shared whether other nodes may write to the journal: then one that was given up may have
 *     written last, or may be about to, and each life begins with an event of its own
 */
public record ConversationSettings(
    Duration cursorsAfter,
    Duration tick,
    Duration idle,
    int snapshotEvery,
    String readJournal,
    boolean shared) {
  /** Those of a single node. */
  public ConversationSettings(
      Duration cursorsAfter, Duration tick, Duration idle, int snapshotEvery, String readJournal) {
    this(cursorsAfter, tick, idle, snapshotEvery, readJournal, false);
  }

  /** What a server uses. */
  public static ConversationSettings standard(String readJournal, boolean shared) {
    return new ConversationSettings(
        Duration.ofMillis(50),
        Duration.ofSeconds(1),
        Duration.ofSeconds(90),
        500,
        readJournal,
        shared);
  }
}
