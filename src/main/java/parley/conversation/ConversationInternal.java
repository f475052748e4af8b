package parley.conversation;

import parley.serial.Local;

/** A message of a conversation to itself. It is never sent to another node. */
non-sealed interface ConversationInternal extends Conversation.Command, Local {}
