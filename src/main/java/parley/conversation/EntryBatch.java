package parley.conversation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.Refusal;
import parley.model.UserId;
import parley.telemetry.MessageSpan;

/**
 * Accepted entries that wait to be written as one event (group commit). Entries that arrive while
 * the store is busy go together into the next event, so that bytes and not round trips limit a busy
 * conversation.
 *
 * <p>An entry that changes what later entries may do (a delete, a membership change) closes its
 * batch. So no entry in a batch is judged by an outdated state.
 */
final class EntryBatch {
  /** Most entries of one event. */
  static final int ENTRIES = 128;

  /** A batch is closed at this size, so that its event stays well below 400 KB in any store. */
  static final int BYTES = 128 * 1024;

  private final List<Entry> entries = new ArrayList<>();
  private final List<Caller> waiting = new ArrayList<>();
  private final Map<String, Entry> byClientMsgId = new HashMap<>();
  private final Set<Long> sentByDevices = new HashSet<>();
  private Map<Long, String> traces = Map.of();
  private List<MessageSpan> persistingSpans = List.of();
  private long bytes;
  private boolean closed;

  /**
   * A caller that waits for the batch. It is told that the batch is durable, or that this is not
   * known.
   */
  interface Caller {
    void written();

    void refused(Refusal refusal);
  }

  boolean isEmpty() {
    return entries.isEmpty();
  }

  boolean full() {
    return closed || entries.size() >= ENTRIES || bytes >= BYTES;
  }

  /** Whether no entry changes the members, or deletes what a member may have counted as unread. */
  boolean leavesMembersAndCountsAsTheyAre() {
    return !closed;
  }

  /** The approximate size of the entries in a journal. */
  long bytes() {
    return bytes;
  }

  int size() {
    return entries.size();
  }

  /** The newest entry. The batch must not be empty. */
  Entry last() {
    return entries.getLast();
  }

  /**
   * Adds an entry.
   *
   * @param fromDevice whether a device of its sender has sent it
   */
  void add(Entry entry, boolean fromDevice) {
    entries.add(entry);
    if (fromDevice) {
      sentByDevices.add(entry.seq());
    }
    bytes += EntrySize.storedBytes(entry);
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

  void addCaller(Caller one) {
    waiting.add(one);
  }

  /** Adds a caller that waits for {@link Conversation.Posted}. */
  void addCaller(ActorRef<Conversation.PostReply> replyTo, Conversation.Posted posted) {
    waiting.add(
        new Caller() {
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

  /** Whether a device of its sender has sent the entry of that seq. */
  boolean isSentByDevice(long seq) {
    return sentByDevices.contains(seq);
  }

  /** Notes the context of an entry that is traced. */
  void trace(long seq, String context) {
    if (traces.isEmpty()) {
      traces = new LinkedHashMap<>(4);
    }
    traces.put(seq, context);
  }

  /** The contexts of the entries that are traced, by seq, in their order. Usually empty. */
  Map<Long, String> traces() {
    return traces;
  }

  /** Keeps the spans that end when the batch is durable. */
  void persisting(List<MessageSpan> spans) {
    persistingSpans = spans;
  }

  List<MessageSpan> persistingSpans() {
    return persistingSpans;
  }

  List<Entry> entries() {
    return List.copyOf(entries);
  }

  void written() {
    waiting.forEach(Caller::written);
  }

  void refused(Refusal refusal) {
    waiting.forEach(one -> one.refused(refusal));
  }
}
