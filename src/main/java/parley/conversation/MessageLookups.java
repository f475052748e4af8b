package parley.conversation;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;
import parley.model.Refusal;
import parley.model.UserId;

/**
 * Finds out whether a {@code (sender, client_msg_id)} is in the log already, and loads the target
 * entry of a post if it is not in memory.
 *
 * <p>A duplicate is recognised in three steps. Each is exact.
 *
 * <ol>
 *   <li>The hash window over the newest entries answers "no" with certainty, or names candidates.
 *       Each candidate is compared with the entry itself.
 *   <li>An id that carries a time cannot have been stored before that time, minus the largest lead
 *       that its sender's clock ever had. So a young id that is not in the window is new.
 *   <li>An older id is searched for in the log from that time on, and some way into the window, so
 *       that the result also serves the next ids ({@link MissingMessageIds}). An id without a time
 *       is known for the length of the window only, as the protocol says.
 * </ol>
 *
 * <p>Bounds: one search at a time, and {@value #WAITING} that wait. Searches that read the cold
 * tier have the same bounds again, since the tier may be slow or unavailable. A search beyond the
 * bound is refused with {@code unavailable}, because "not found" would be a guess. While a post is
 * being looked up, later posts of its sender wait, so that they keep their order; at most {@value
 * #EACH} for each sender, so that other senders have room.
 */
final class MessageLookups {
  static final int WAITING = 256;

  /** Most posts of one sender that wait for its search. */
  static final int EACH = 64;

  /**
   * How many entries of the window a search for an old id reads. The result stays usable until as
   * many entries have been added.
   */
  private static final int FURTHER = 2_048;

  /**
   * The results of the look-ups for one post.
   *
   * @param comparedTo the post is none of the window's entries up to this seq
   * @param searched true if the log before the window was searched and does not hold the post. It
   *     cannot hold it later either, because a sender whose post is being looked up writes nothing
   *     else
   * @param known the entry that the post duplicates, or null
   * @param target the entry that the post refers to, or null
   * @param absence what the search found out about other ids of the same sender, or null
   */
  record Facts(
      long comparedTo,
      boolean searched,
      @Nullable Entry known,
      @Nullable Entry target,
      MissingMessageIds.@Nullable Absence absence) {
    static final Facts NONE = new Facts(0, false, null, null, null);

    Facts(long comparedTo, boolean searched, @Nullable Entry known, @Nullable Entry target) {
      this(comparedTo, searched, known, target, null);
    }

    @Override
    public String toString() {
      return "Facts[comparedTo=" + comparedTo + ", searched=" + searched + "]";
    }
  }

  /** Continue with a post after its look-up, or after the posts before it. */
  record Resume(Conversation.Post post, Facts facts) implements ConversationInternal {
    @Override
    public String toString() {
      return "Resume";
    }
  }

  /**
   * A search has ended.
   *
   * @param facts null if the search failed
   */
  record Ended(Conversation.Post post, boolean wasCold, @Nullable Facts facts)
      implements ConversationInternal {
    @Override
    public String toString() {
      return "Ended";
    }
  }

  /** Whether a post is known. */
  sealed interface Known {}

  /** The post is a duplicate of this entry. */
  record Duplicate(Entry entry) implements Known {}

  /** The post is new. */
  record Unknown() implements Known {}

  /** The post is being looked up, and comes again as {@link Resume}. */
  record Pending() implements Known {}

  private record Search(
      Conversation.Post post, long oldest, Supplier<CompletionStage<Facts>> run) {}

  /**
   * A queue of searches that run one after another. Searches in the cold tier have a queue of their
   * own, so that they do not delay the others.
   */
  private static final class Lane {
    final ArrayDeque<Search> waiting = new ArrayDeque<>();
    @Nullable Search running;

    boolean isIdle() {
      return running == null && waiting.isEmpty();
    }
  }

  private final ActorContext<Conversation.Command> context;
  private final LogReader logReader;
  private final ConversationState state;
  private final Lane hot = new Lane();
  private final Lane cold = new Lane();
  private final Map<UserId, ArrayDeque<Conversation.Post>> behind = new HashMap<>();
  private final Set<UserId> busy = new HashSet<>();
  private final Set<UserId> searching = new HashSet<>();
  private final MissingMessageIds missingMessageIds = new MissingMessageIds();
  private int waiting;

  MessageLookups(
      ActorContext<Conversation.Command> context, LogReader logReader, ConversationState state) {
    this.context = context;
    this.logReader = logReader;
    this.state = state;
  }

  boolean isIdle() {
    return hot.isIdle() && cold.isIdle() && busy.isEmpty();
  }

  /**
   * Whether an earlier post of the same sender is being looked up. If so, this post is queued or
   * refused here.
   */
  boolean mustWait(Conversation.Post post) {
    if (!busy.contains(post.author())) {
      return false;
    }
    ArrayDeque<Conversation.Post> those =
        behind.computeIfAbsent(post.author(), u -> new ArrayDeque<>());
    if (waiting >= WAITING || those.size() >= EACH) {
      refuse(post, Refusal.unavailable("too many old messages are being looked up"));
    } else {
      waiting++;
      those.add(post);
    }
    return true;
  }

  private static void refuse(Conversation.Post post, Refusal refusal) {
    post.replyTo().tell(new Conversation.PostRefused(post.clientMsgId(), refusal));
  }

  /** Decides whether the post is a duplicate, or starts a search. */
  Known known(Conversation.Post post, Member author, Facts facts, long now) {
    if (facts.known() != null) {
      return new Duplicate(facts.known());
    }
    long hash = ClientMsgIds.hash(post.author(), post.clientMsgId());
    long[] candidates = state.dedupe.candidates(hash, facts.comparedTo());
    for (long seq : candidates) {
      Entry entry = state.recentEntries.get(seq);
      if (entry == null) {
        long oldest = candidates[candidates.length - 1];
        search(post, oldest, () -> compare(post, facts, oldest, seq));
        return new Pending();
      }
      if (same(post, entry)) {
        return new Duplicate(entry);
      }
    }
    long windowStart = state.dedupe.firstSeq();
    if (windowStart <= 1 || facts.searched()) {
      return new Unknown();
    }
    long time = ClientMsgIds.time(post.clientMsgId(), now);
    if (time == ClientMsgIds.NO_TIME) {
      return new Unknown();
    }
    long earliest = time - author.ahead;
    if (earliest > state.index.timeAtOrAfter(windowStart)) {
      return new Unknown();
    }
    long from = state.index.seqBeforeTime(earliest);
    if (missingMessageIds.rulesOut(post.author(), time, from, windowStart - 1, hash)) {
      return new Unknown();
    }
    long located = missingMessageIds.takeLocated(hash);
    if (located > 0 && located < windowStart) {
      search(post, located, () -> at(post, facts, located));
      return new Pending();
    }
    long to = Math.min(windowStart - 1 + FURTHER, state.lastSeq);
    MissingMessageIds.Absence before = missingMessageIds.toExtend(post.author(), from, to, hash);
    if (before == null) {
      search(post, from, () -> scan(post, facts, from, to));
    } else {
      long oldest = from < before.from() ? from : before.to() + 1;
      search(post, oldest, () -> scanFurther(post, facts, from, to, before));
    }
    return new Pending();
  }

  private static boolean same(Conversation.Post post, Entry entry) {
    return post.clientMsgId().equals(entry.clientMsgId()) && post.author().equals(entry.senderId());
  }

  /**
   * Compares the window's entries from the oldest to the newest candidate. Nearly always there is
   * only one.
   */
  private CompletionStage<Facts> compare(
      Conversation.Post post, Facts facts, long oldest, long seq) {
    return logReader
        .find(state, post.author(), oldest, seq, entry -> same(post, entry))
        .thenApply(found -> new Facts(seq, facts.searched(), found.orElse(null), facts.target()));
  }

  /** Compares the post with the entry in which an id of the same hash was found before. */
  private CompletionStage<Facts> at(Conversation.Post post, Facts facts, long seq) {
    return logReader
        .range(state, seq, seq)
        .thenApply(
            found -> {
              Entry one = found.getFirst();
              return new Facts(
                  facts.comparedTo(), false, same(post, one) ? one : null, facts.target());
            });
  }

  private CompletionStage<Facts> scan(Conversation.Post post, Facts facts, long from, long to) {
    MissingMessageIds.Absence absence =
        new MissingMessageIds.Absence(post.author(), from, to, Long.MIN_VALUE);
    return find(post, from, to, absence).thenApply(found -> facts(facts, found, absence));
  }

  /** Like {@link #scan}, but skips the part of the range that is known not to hold the id. */
  private CompletionStage<Facts> scanFurther(
      Conversation.Post post, Facts facts, long from, long to, MissingMessageIds.Absence before) {
    MissingMessageIds.Absence absence = before.extended(from, to);
    return find(post, from, before.from() - 1, absence)
        .thenCompose(
            found ->
                found.isPresent()
                    ? CompletableFuture.completedFuture(found)
                    : find(post, before.to() + 1, to, absence))
        .thenApply(found -> facts(facts, found, absence));
  }

  private CompletionStage<Optional<Entry>> find(
      Conversation.Post post, long from, long to, MissingMessageIds.Absence absence) {
    if (to < from) {
      return CompletableFuture.completedFuture(Optional.empty());
    }
    return logReader.find(
        state,
        post.author(),
        from,
        to,
        entry -> {
          absence.add(entry);
          return same(post, entry);
        });
  }

  private static Facts facts(
      Facts facts, Optional<Entry> found, MissingMessageIds.Absence absence) {
    return new Facts(
        facts.comparedTo(),
        true,
        found.orElse(null),
        facts.target(),
        found.isPresent() ? null : absence);
  }

  /** Loads the entry that a post refers to. The post then comes again with it. */
  void load(Conversation.Post post, Facts facts, long seq) {
    search(
        post,
        seq,
        () ->
            logReader
                .range(state, seq, seq)
                .thenApply(
                    found ->
                        new Facts(
                            facts.comparedTo(),
                            facts.searched(),
                            facts.known(),
                            found.getFirst())));
  }

  private void search(Conversation.Post post, long oldest, Supplier<CompletionStage<Facts>> run) {
    Lane lane = oldest <= state.archivedTo ? cold : hot;
    if (lane.waiting.size() >= WAITING) {
      refuse(post, Refusal.unavailable("too many old messages are being looked up"));
      return;
    }
    busy.add(post.author());
    searching.add(post.author());
    lane.waiting.add(new Search(post, oldest, run));
    next(lane);
  }

  private void next(Lane lane) {
    if (lane.running == null) {
      Search search = poll(lane);
      lane.running = search;
      if (search != null) {
        context.pipeToSelf(
            search.run().get(),
            (facts, failure) ->
                new Ended(search.post(), lane == cold, failure == null ? facts : null));
      }
    }
  }

  private @Nullable Search poll(Lane lane) {
    Search search = lane.waiting.poll();
    while (search != null && lane == hot && search.oldest() <= state.archivedTo) {
      // The entries were archived while the search waited.
      cool(search);
      search = lane.waiting.poll();
    }
    return search;
  }

  private void cool(Search search) {
    if (cold.waiting.size() < WAITING) {
      cold.waiting.add(search);
      next(cold);
    } else {
      Conversation.Post post = search.post();
      refuse(post, Refusal.unavailable("too many old messages are being looked up"));
      searching.remove(post.author());
      resumed(post.author());
    }
  }

  void ended(Ended ended) {
    Lane lane = ended.wasCold() ? cold : hot;
    lane.running = null;
    Conversation.Post post = ended.post();
    if (ended.facts() == null) {
      context.getLog().warn("{}: the search for an old entry failed", state.id);
      refuse(post, Refusal.unavailable("the log cannot be read now"));
    } else {
      missingMessageIds.note(ended.facts().absence());
      if (ended.facts().known() != null) {
        missingMessageIds.locate(
            ClientMsgIds.hash(post.author(), post.clientMsgId()), ended.facts().known().seq());
      }
      context.getSelf().tell(new Resume(post, ended.facts()));
    }
    searching.remove(post.author());
    if (ended.facts() == null) {
      resumed(post.author());
    }
    next(lane);
  }

  /**
   * Called when a resumed post has been handled. Resumes the next waiting post of the same sender,
   * one by one, so that they keep their order.
   */
  void resumed(UserId author) {
    if (searching.contains(author) || !busy.contains(author)) {
      return;
    }
    ArrayDeque<Conversation.Post> those = behind.get(author);
    Conversation.Post next = those == null ? null : those.poll();
    if (next == null) {
      behind.remove(author);
      busy.remove(author);
    } else {
      waiting--;
      context.getSelf().tell(new Resume(next, Facts.NONE));
    }
  }

  void refuseAll(Refusal refusal) {
    for (Lane lane : java.util.List.of(hot, cold)) {
      lane.waiting.forEach(search -> refuse(search.post(), refusal));
      lane.waiting.clear();
      Search running = lane.running;
      if (running != null) {
        refuse(running.post(), refusal);
      }
      lane.running = null;
    }
    behind.values().forEach(posts -> posts.forEach(post -> refuse(post, refusal)));
    behind.clear();
    busy.clear();
    searching.clear();
    waiting = 0;
  }
}
