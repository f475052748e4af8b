package parley.session;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.telemetry.MessageSpan;

/**
 * Writes of a client that have no answer yet. The same {@code client_msg_id} may be pending more
 * than once: a client may retry before the first answer, and may use one id in two conversations.
 */
final class PendingPosts {
  /** Most pending writes of a connection. */
  static final int OUTSTANDING = 256;

  /** One pending write. */
  static final class Post {
    final @Nullable Long frameId;
    final ConversationId conversationId;
    final String clientMsgId;
    final long addedAt;

    /**
     * Whether the answer comes through an ask of its own. That is necessary if a write with the
     * same {@code client_msg_id} to another conversation is pending, because a refusal names no
     * conversation.
     */
    final boolean ownAsk;

    /** The entry itself, without its content, if it arrived before the answer. */
    @Nullable Entry arrivedEntry;

    /** Sends the write once more if no answer comes soon; null once it has run, and for an ask. */
    @Nullable Runnable resend;

    /** The trace of the message, which ends with its answer; null if it is not traced. */
    @Nullable MessageSpan span;

    /** The limit that the write is over; null if it took a message of the rates. */
    @Nullable String overLimit;

    private boolean open = true;

    Post(
        @Nullable Long frameId,
        ConversationId conversationId,
        String clientMsgId,
        long since,
        boolean alone) {
      this.frameId = frameId;
      this.conversationId = conversationId;
      this.clientMsgId = clientMsgId;
      this.addedAt = since;
      this.ownAsk = alone;
    }
  }

  private final Map<String, List<Post>> byName = new HashMap<>(4);
  private final ArrayDeque<Post> byTime = new ArrayDeque<>(2);
  private int open;

  boolean full() {
    return open >= OUTSTANDING;
  }

  /** Adds a pending write. */
  Post add(@Nullable Long frameId, ConversationId to, String clientMsgId, long now) {
    List<Post> same = byName.computeIfAbsent(clientMsgId, k -> new ArrayList<>(1));
    boolean alone = same.stream().anyMatch(p -> !p.conversationId.equals(to));
    Post post = new Post(frameId, to, clientMsgId, now, alone);
    same.add(post);
    byTime.addLast(post);
    open++;
    return post;
  }

  /**
   * Removes and returns the write that an answer belongs to; null if it was given up.
   *
   * @param to the conversation, or null if the answer does not name it; such an answer is not to an
   *     ask
   */
  @Nullable Post take(@Nullable ConversationId to, String clientMsgId, boolean alone) {
    for (Post post : byName.getOrDefault(clientMsgId, List.of())) {
      if (post.ownAsk == alone && (to == null || to.equals(post.conversationId))) {
        complete(post);
        return post;
      }
    }
    return null;
  }

  /** Records an entry of the client's own user. Returns whether it belongs to a pending write. */
  boolean recordEntry(ConversationId id, Entry entry) {
    boolean proven = false;
    String name = entry.clientMsgId();
    if (name != null) {
      for (Post post : byName.getOrDefault(name, List.of())) {
        // The conversation may have forgotten an id and stored two entries with it; a write takes
        // one.
        boolean other = post.arrivedEntry != null && post.arrivedEntry.seq() != entry.seq();
        if (post.conversationId.equals(id) && !other) {
          post.arrivedEntry = entry.withBody(NOTHING);
          proven = true;
        }
      }
    }
    return proven;
  }

  // Stands in for the content, which is not needed.
  private static final parley.model.EntryBody NOTHING =
      new parley.model.EntryBody.MembersAdded(List.of());

  /**
   * Removes and returns the oldest write if it was added at or before {@code before}; else null.
   */
  @Nullable Post takeExpired(long before) {
    Post oldest = oldest();
    if (oldest == null || oldest.addedAt - before > 0) {
      return null;
    }
    complete(oldest);
    return oldest;
  }

  /**
   * Sends the writes that were added at or before {@code before} once more. A message to a
   * conversation that is moving to another node can be lost, and the same id is stored only once.
   * Returns when the next write to repeat was added, or null.
   */
  @Nullable Long resendDue(long before) {
    for (Post post : byTime) {
      Runnable again = post.resend;
      if (post.open && again != null) {
        if (post.addedAt - before > 0) {
          return post.addedAt;
        }
        post.resend = null;
        again.run();
      }
    }
    return null;
  }

  /** The oldest pending write, or null. */
  @Nullable Post oldest() {
    while (!byTime.isEmpty() && !byTime.getFirst().open) {
      byTime.removeFirst();
    }
    return byTime.peekFirst();
  }

  private void complete(Post post) {
    post.open = false;
    post.resend = null;
    open--;
    List<Post> same = byName.get(post.clientMsgId);
    if (same != null) {
      same.remove(post);
      if (same.isEmpty()) {
        byName.remove(post.clientMsgId);
      }
    }
    // A write that never gets its answer must not keep all later ones in memory.
    if (byTime.size() > 2 * OUTSTANDING) {
      byTime.removeIf(p -> !p.open);
    }
  }
}
