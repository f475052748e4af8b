package parley.conversation;

/** What a conversation tells itself: flushes, timers, pages that were read, introductions. */
non-sealed interface ConversationInternal extends Conversation.Command {}
