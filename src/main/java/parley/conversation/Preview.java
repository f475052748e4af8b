package parley.conversation;

import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.jspecify.annotations.Nullable;
import parley.model.Body;
import parley.model.Entry;
import parley.model.LastMessage;
import parley.model.Limits;

/**
 * The way back to the newest text when the one that inboxes showed is deleted and memory holds no
 * other: page by page through the log, beside everything else.
 */
final class Preview {
  private final ActorContext<Conversation.Command> context;
  private final ConversationState state;
  private final Pages pages;
  private boolean looking;

  /** A page has been looked at; a null event is a failure. */
  record Looked(ConversationEvent.@Nullable PreviewRestored event, long from, boolean more)
      implements ConversationInternal {
    @Override
    public String toString() {
      return "Looked";
    }
  }

  Preview(ActorContext<Conversation.Command> context, ConversationState state, Pages pages) {
    this.context = context;
    this.state = state;
    this.pages = pages;
  }

  /** Looks for the text if one is missing and nobody looks yet. */
  void restore() {
    if (state.previewLost && !looking) {
      looking = true;
      look(state.lastSeq);
    }
  }

  private void look(long to) {
    long asOf = state.lastSeq;
    long from = Math.max(1, to - Limits.PAGE + 1);
    pages.load(
        from,
        to,
        (entries, tier) -> {
          if (entries == null) {
            context.getSelf().tell(new Looked(null, from, false));
            return;
          }
          LastMessage found = newest(entries);
          context
              .getSelf()
              .tell(
                  new Looked(
                      new ConversationEvent.PreviewRestored(found, asOf),
                      from,
                      found == null && from > 1));
        });
  }

  private static @Nullable LastMessage newest(java.util.List<Entry> entries) {
    for (Entry entry : entries.reversed()) {
      if (entry.body() instanceof Body.Text text && text.content() != null) {
        return ConversationState.preview(entry, text.content());
      }
    }
    return null;
  }

  /**
   * What is to be persisted, or null: not yet, or not any more. A failure is tried again with the
   * next tick.
   */
  ConversationEvent.@Nullable PreviewRestored looked(Looked looked) {
    ConversationEvent.PreviewRestored event = looked.event();
    if (state.previewLost && event != null && looked.more()) {
      look(looked.from() - 1);
      return null;
    }
    looking = false;
    if (!state.previewLost || event == null) {
      return null;
    }
    LastMessage found = event.lastMessage();
    boolean outdated = found != null && state.amendments.of(found.seq()) > event.asOf();
    if (found != null && (outdated || state.amendments.deleted(found.seq()))) {
      restore();
      return null;
    }
    return event;
  }
}
