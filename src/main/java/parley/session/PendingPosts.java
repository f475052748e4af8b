package parley.session;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.Entry;

/**
 * What a client wrote and has no answer for yet. The same {@code client_msg_id} may be here more
 * than once: a client may retry before the first answer, and name entries of two conversations
 * alike.
 */
final class PendingPosts {
  /** Most writes without an answer. */
  static final int OUTSTANDING = 256;

  /** One write. */
  static final class Post {
    final @Nullable Long frameId;
    final ConversationId conversationId;
    final String clientMsgId;
    final long since;

    /**
     * Its answer comes through an ask of its own: a refusal names no conversation, and another
     * write of the same name to another conversation waits for one too.
     */
    final boolean alone;

    /** The entry itself, if it was quicker than the answer. */
    @Nullable Entry proof;

    /** What to say once more if no answer comes soon; null where it has been. */
    @Nullable Runnable again;

    /** Whether it took from the user's messages a minute. */
    boolean paid;

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
      this.since = since;
      this.alone = alone;
    }
  }

  private final Map<String, List<Post>> byName = new HashMap<>(4);
  private final ArrayDeque<Post> byTime = new ArrayDeque<>(2);
  private int open;

  boolean full() {
    return open >= OUTSTANDING;
  }

  /** Remembers a write. */
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
   * The write an answer is about, which is forgotten; null if it was given up.
   *
   * @param to the conversation, or null where the answer does not say: then it was not an ask
   */
  @Nullable Post take(@Nullable ConversationId to, String clientMsgId, boolean alone) {
    for (Post post : byName.getOrDefault(clientMsgId, List.of())) {
      if (post.alone == alone && (to == null || to.equals(post.conversationId))) {
        close(post);
        return post;
      }
    }
    return null;
  }

  /** An entry of the client's own user came: whether it is one that waits for its answer. */
  boolean prove(ConversationId id, Entry entry) {
    boolean proven = false;
    String name = entry.clientMsgId();
    if (name != null) {
      for (Post post : byName.getOrDefault(name, List.of())) {
        // Of two entries of one name, where the conversation has forgotten the first, one.
        boolean other = post.proof != null && post.proof.seq() != entry.seq();
        if (post.conversationId.equals(id) && !other) {
          post.proof = entry.withBody(NOTHING);
          proven = true;
        }
      }
    }
    return proven;
  }

  // A proof needs no content.
  private static final parley.model.EntryBody NOTHING =
      new parley.model.EntryBody.MembersAdded(List.of());

  /** Forgets and answers the oldest write if it is from before a time. */
  @Nullable Post expired(long before) {
    Post oldest = oldest();
    if (oldest == null || oldest.since - before > 0) {
      return null;
    }
    close(oldest);
    return oldest;
  }

  /**
   * Says once more what has waited for so long: a message to a conversation that moves to another
   * node can be lost on the way, and under the same name it is stored once. Answers when the next
   * may be due, or null.
   */
  @Nullable Long repeat(long before) {
    for (Post post : byTime) {
      Runnable again = post.again;
      if (post.open && again != null) {
        if (post.since - before > 0) {
          return post.since;
        }
        post.again = null;
        again.run();
      }
    }
    return null;
  }

  /** The oldest write that waits. */
  @Nullable Post oldest() {
    while (!byTime.isEmpty() && !byTime.getFirst().open) {
      byTime.removeFirst();
    }
    return byTime.peekFirst();
  }

  private void close(Post post) {
    post.open = false;
    post.again = null;
    open--;
    List<Post> same = byName.get(post.clientMsgId);
    if (same != null) {
      same.remove(post);
      if (same.isEmpty()) {
        byName.remove(post.clientMsgId);
      }
    }
    // An old one that never gets its answer must not hold on to all that came after it.
    if (byTime.size() > 2 * OUTSTANDING) {
      byTime.removeIf(p -> !p.open);
    }
  }
}
