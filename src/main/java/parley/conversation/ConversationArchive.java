package parley.conversation;

import parley.archive.ColdTier;

/** Whether and how the conversations of a node archive their old entries. */
public sealed interface ConversationArchive permits ArchiveDependencies, NoArchive {
  /** The store from which archived entries are read. */
  ColdTier tier();
}
