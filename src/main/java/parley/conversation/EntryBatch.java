package parley.conversation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.Refusal;
import parley.model.UserId;

/**
 * Entries that were accepted and wait to be written as one event (group commit): what comes while
 * the store is busy goes together with the next write, so that a busy conversation is bound by
 * bytes and not by round trips.
 *
 * <p>An entry that changes what later ones may do (a delete, a membership) ends its batch, so that
 * nothing in a batch is judged by a state that is no longer true.
 */
final class EntryBatch {
  /** Most entries of one event. */
  static final int ENTRIES = 128;

  /** An event is closed at this size, so that it stays well under 400 KB in any store. */
  static final int BYTES = 128 * 1024;

  private final List<Entry> entries = new ArrayList<>();
  private final List<Waiting> waiting = new ArrayList<>();
  private final Map<String, Entry> byClientMsgId = new HashMap<>();
  private long bytes;
  private boolean closed;

  /** Somebody who is told when the batch is durable, or that it is not known whether it is. */
  interface Waiting {
    void written();

    void refused(Refusal refusal);
  }

  boolean isEmpty() {
    return entries.isEmpty();
  }

  boolean full() {
    return closed || entries.size() >= ENTRIES || bytes >= BYTES;
  }

  int size() {
    return entries.size();
  }

  /** The newest entry; there is one. */
  Entry last() {
    return entries.getLast();
  }

  void add(Entry entry) {
    entries.add(entry);
    bytes += EntrySize.stored(entry);
    switch (entry.body()) {
      case EntryBody.Text text -> {}
      case EntryBody.Edit edit -> {}
      case EntryBody.Reaction reaction -> {}
      default -> closed = true;
    }
    if (entry.clientMsgId() != null) {
      byClientMsgId.put(key(entry.senderId(), entry.clientMsgId()), entry);
    }
  }

  private static String key(UserId author, String clientMsgId) {
    return author.value() + '\n' + clientMsgId;
  }

  @Nullable Entry find(UserId author, String clientMsgId) {
    return byClientMsgId.get(key(author, clientMsgId));
  }

  void await(Waiting one) {
    waiting.add(one);
  }

  /** Somebody waits for {@link Conversation.Posted}. */
  void await(ActorRef<Conversation.PostReply> replyTo, Conversation.Posted posted) {
    waiting.add(
        new Waiting() {
          @Override
          public void written() {
            replyTo.tell(posted);
          }

          @Override
          public void refused(Refusal refusal) {
            replyTo.tell(new Conversation.PostRefused(posted.clientMsgId(), refusal));
          }
        });
  }

  List<Entry> entries() {
    return List.copyOf(entries);
  }

  void written() {
    waiting.forEach(Waiting::written);
  }

  void refused(Refusal refusal) {
    waiting.forEach(one -> one.refused(refusal));
  }
}
