package parley.conversation;

import java.util.Iterator;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.LastMessage;

/**
 * The newest text of a conversation, as an inbox row shows it. Only applied events change it. If
 * the text was deleted, and the one before it is not in memory, it is lost until {@link
 * PreviewSearch} has found it.
 */
final class NewestText {
  private @Nullable LastMessage lastMessage;
  private long lastTextAt;
  private boolean lost;

  /** No text yet. */
  NewestText() {}

  /** The newest text as a snapshot says it. */
  static NewestText of(ConversationSnapshot stored) {
    NewestText newestText = new NewestText();
    newestText.lastMessage = stored.lastMessage();
    newestText.lastTextAt = stored.lastTextAt();
    newestText.lost = stored.previewLost();
    return newestText;
  }

  /** The newest text that is not deleted; null if there is none, or if it is lost. */
  @Nullable LastMessage lastMessage() {
    return lastMessage;
  }

  /** When the newest text was accepted, or the group was created; epoch milliseconds. */
  long lastTextAt() {
    return lastTextAt;
  }

  /** Whether the last message was deleted, and the text before it is not in memory. */
  boolean isLost() {
    return lost;
  }

  /** The preview of a text. */
  static LastMessage preview(Entry entry, String content) {
    return new LastMessage(
        entry.seq(),
        entry.senderId(),
        entry.body().type(),
        LastMessage.preview(content),
        entry.at());
  }

  void groupCreated(long at) {
    lastTextAt = at;
  }

  void textAppended(Entry entry, EntryBody.Text text) {
    lastTextAt = entry.at();
    lastMessage = preview(entry, text.content() == null ? "" : text.content());
    lost = false;
  }

  void edited(EntryBody.Edit edit) {
    LastMessage last = lastMessage;
    if (last != null && last.seq() == edit.targetSeq() && edit.content() != null) {
      lastMessage =
          new LastMessage(
              last.seq(),
              last.senderId(),
              last.type(),
              LastMessage.preview(edit.content()),
              last.at());
    }
  }

  /** Notes a deletion that {@code amendedEntries} knows of. */
  void deleted(long target, RecentEntries recentEntries, AmendedEntries amendedEntries) {
    if (lastMessage != null && lastMessage.seq() == target) {
      lastMessage = newestText(recentEntries, amendedEntries);
      lost = lastMessage == null && recentEntries.firstSeq() > 1;
    }
  }

  private static @Nullable LastMessage newestText(
      RecentEntries recentEntries, AmendedEntries amendedEntries) {
    Iterator<Entry> newestFirst = recentEntries.newestFirst();
    while (newestFirst.hasNext()) {
      Entry entry = newestFirst.next();
      if (entry.body() instanceof EntryBody.Text text && !amendedEntries.isDeleted(entry.seq())) {
        String content = text.content();
        // The edit is newer than the text, so it is in memory too.
        Entry edit = recentEntries.get(amendedEntries.of(entry.seq()));
        if (edit != null && edit.body() instanceof EntryBody.Edit newer) {
          content = newer.content();
        }
        return preview(entry, content == null ? "" : content);
      }
    }
    return null;
  }

  void restored(ConversationEvent.PreviewRestored restored) {
    if (lost && (lastMessage == null || lastMessage.seq() <= restored.asOf())) {
      lastMessage = restored.lastMessage();
      lost = false;
    }
  }
}
