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
 */
public record ConversationSettings(
    Duration cursorsAfter, Duration tick, Duration idle, int snapshotEvery, String readJournal) {
  /** What a server uses. */
  public static ConversationSettings standard(String readJournal) {
    return new ConversationSettings(
        Duration.ofMillis(50), Duration.ofSeconds(1), Duration.ofSeconds(90), 500, readJournal);
  }
}
