package parley.conversation;

import org.jspecify.annotations.Nullable;

/** How the entity of a conversation asks for the archiving of its old entries. */
interface ConversationArchiver {
  /** A message of the archiving to the entity, which hands it to {@link #handle}. */
  sealed interface Message extends Conversation.Internal
      permits CalendarRegistration.Message, SegmentArchiver.Step {}

  /** Finishes a segment that an earlier incarnation began. */
  void recovered();

  /**
   * Handles the calendar's request to archive.
   *
   * @param day the bucket that asks, in days since 1970
   */
  void archiveRequested(long day);

  /**
   * Whether the conversation may leave memory. It may not while a segment is being archived. It may
   * not either while it has entries to archive and the calendar has not promised to remember it;
   * then this method registers it.
   */
  boolean mayLeave();

  /** The day to persist in {@link ConversationEvent.Settled}; 0 is none. */
  long promisedDay();

  /** Handles a message. Returns the event to persist, or null. */
  @Nullable ConversationEvent handle(Message message);

  /**
   * Called when an event from {@link #handle} is durable, with its snapshot if that could be
   * stored.
   */
  void persisted(ConversationEvent event);

  /** Called when the entity stops. Gives the turn back and ignores all later results. */
  void end();
}
