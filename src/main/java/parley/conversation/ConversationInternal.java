package parley.conversation;

import parley.serial.Local;

/** What a conversation tells itself. Never travels. */
non-sealed interface ConversationInternal extends Conversation.Command, Local {}
