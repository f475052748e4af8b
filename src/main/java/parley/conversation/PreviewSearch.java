package parley.conversation;

import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.LastMessage;
import parley.model.Limits;

/**
 * Searches for the newest text when the last message was deleted and memory holds no other text. It
 * reads the log backward page by page, while the conversation works on. A search that fails starts
 * again at the end of the log, after 1, 2, 4 … 60 s.
 */
final class PreviewSearch {
  private static final long FIRST_WAIT_MILLIS = 1_000;
  private static final long LONGEST_WAIT_MILLIS = 60_000;

  private final ActorContext<Conversation.Command> context;
  private final ConversationState state;
  private final HistoryPages historyPages;
  private boolean looking;
  private int failures;
  private long notBefore;

  /**
   * A page has been searched.
   *
   * @param event the result so far; null if the page could not be read
   * @param from the first seq of the page
   * @param more whether the search has to go on before this page
   */
  record PageSearched(ConversationEvent.@Nullable PreviewRestored event, long from, boolean more)
      implements Conversation.Internal {
    @Override
    public String toString() {
      return "PageSearched";
    }
  }

  PreviewSearch(
      ActorContext<Conversation.Command> context,
      ConversationState state,
      HistoryPages historyPages) {
    this.context = context;
    this.state = state;
    this.historyPages = historyPages;
  }

  /**
   * Starts a search if the last message is missing, no search is running, and the pause after a
   * failure is over.
   */
  void searchIfMissing(long now) {
    // If the clock was set back, the pause must not become longer.
    notBefore = Math.min(notBefore, now + LONGEST_WAIT_MILLIS);
    if (state.newestText().isLost() && !looking && now >= notBefore) {
      looking = true;
      look(state.lastSeq());
    }
  }

  private void look(long to) {
    long asOf = state.lastSeq();
    long from = Math.max(1, to - Limits.PAGE + 1);
    historyPages.load(
        from,
        to,
        (entries, entrySource) -> {
          if (entries == null) {
            context.getSelf().tell(new PageSearched(null, from, false));
            return;
          }
          LastMessage found = newest(entries);
          context
              .getSelf()
              .tell(
                  new PageSearched(
                      new ConversationEvent.PreviewRestored(found, asOf),
                      from,
                      found == null && from > 1));
        });
  }

  private static @Nullable LastMessage newest(java.util.List<Entry> entries) {
    for (Entry entry : entries.reversed()) {
      if (entry.body() instanceof EntryBody.Text text && text.content() != null) {
        return NewestText.preview(entry, text.content());
      }
    }
    return null;
  }

  /**
   * Handles a searched page. Returns the event to persist. Returns null if the search goes on, is
   * no longer needed, or has failed and will be repeated.
   */
  ConversationEvent.@Nullable PreviewRestored pageSearched(PageSearched pageSearched, long now) {
    ConversationEvent.PreviewRestored event = pageSearched.event();
    if (state.newestText().isLost() && event != null && pageSearched.more()) {
      look(pageSearched.from() - 1);
      return null;
    }
    looking = false;
    if (event == null) {
      notBefore = now + Math.min(FIRST_WAIT_MILLIS << Math.min(failures, 10), LONGEST_WAIT_MILLIS);
      failures++;
      return null;
    }
    failures = 0;
    if (!state.newestText().isLost()) {
      return null;
    }
    LastMessage found = event.lastMessage();
    boolean outdated = found != null && state.amendmentOf(found.seq()) > event.asOf();
    if (found != null && (outdated || state.isDeleted(found.seq()))) {
      searchIfMissing(now);
      return null;
    }
    return event;
  }
}
