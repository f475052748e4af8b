package parley.conversation;

import parley.archive.ColdTier;

/**
 * The archive of a node without a cold tier. The node archives nothing, and cannot read what
 * another node has archived.
 */
public record NoArchive() implements ConversationArchive {
  @Override
  public ColdTier tier() {
    return new MissingColdTier();
  }
}
