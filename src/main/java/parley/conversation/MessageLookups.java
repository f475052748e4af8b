package parley.conversation;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.jspecify.annotations.Nullable;
import parley.conversation.SearchedRanges.SearchedRange;
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
 *   <li>An id that carries a time cannot have been stored before that time, minus the lead of its
 *       sender's clock ({@link ClockLead}). So a young id that is not in the window is new.
 *   <li>An older id is searched for in the log from that time on, and some way into the window, so
 *       that the result also serves the next ids ({@link SearchedRanges}). An id without a time is
 *       known for the length of the window only, as the protocol says.
 * </ol>
 *
 * <p>What searches may read is limited for each user and for the node ({@link LogScans}).
 *
 * <p>Bounds: one search at a time, and {@value #MAX_WAITING} that wait. Searches that read the cold
 * tier have the same bounds again, since the tier may be slow or unavailable. A search beyond the
 * bound is refused with {@code unavailable}, because "not found" would be a guess. While a post is
 * being looked up, later posts of its sender wait, so that they keep their order; at most {@value
 * #MAX_WAITING_OF_SENDER} for each sender, so that other senders have room.
 */
final class MessageLookups {
  static final int MAX_WAITING = 256;

  /** Most posts of one sender that wait for its search. */
  static final int MAX_WAITING_OF_SENDER = 64;

  /**
   * How many entries of the window a search for an old id reads. The result stays usable until as
   * many entries have been added.
   */
  private static final int WINDOW_OVERLAP = 2_048;

  /**
   * The results of the look-ups for one post.
   *
   * @param comparedTo the post is none of the window's entries up to this seq
   * @param searched true if the log before the window was searched and does not hold the post. It
   *     cannot hold it later either, because a sender whose post is being looked up writes nothing
   *     else
   * @param known the entry that the post duplicates, or null
   * @param target the entry that the post refers to, or null
   * @param read what the search has read of the same sender, or null
   */
  record Facts(
      long comparedTo,
      boolean searched,
      @Nullable Entry known,
      @Nullable Entry target,
      @Nullable SearchedRange read) {
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
  record Resume(Conversation.Post post, Facts facts) implements Conversation.Internal {
    @Override
    public String toString() {
      return "Resume";
    }
  }

  /**
   * A search has ended.
   *
   * @param facts null if the search failed
   * @param failure null if it did not
   */
  record Ended(
      Conversation.Post post, boolean wasCold, @Nullable Facts facts, @Nullable Throwable failure)
      implements Conversation.Internal {
    @Override
    public String toString() {
      return "Ended";
    }
  }

  /** Whether a post is known. */
  sealed interface DuplicateCheck {}

  /** The post is a duplicate of this entry. */
  record Duplicate(Entry entry) implements DuplicateCheck {}

  /** The post is new. */
  record NewPost() implements DuplicateCheck {}

  /** The post is being looked up, and comes again as {@link Resume}. */
  record Pending() implements DuplicateCheck {}

  private record Search(
      Conversation.Post post, long oldest, Supplier<CompletionStage<Facts>> run) {}

  /**
   * A queue of searches that run one after another. Searches in the cold tier have a queue of their
   * own, so that they do not delay the others.
   */
  private static final class SearchQueue {
    final ArrayDeque<Search> waiting = new ArrayDeque<>();
    @Nullable Search running;

    boolean isIdle() {
      return running == null && waiting.isEmpty();
    }
  }

  private final ActorContext<Conversation.Command> context;
  private final LogReader logReader;
  private final ConversationState state;
  private final PostTrails postTrails;
  private final SearchQueue hot = new SearchQueue();
  private final SearchQueue cold = new SearchQueue();
  private final Map<UserId, ArrayDeque<Conversation.Post>> waitingPosts = new HashMap<>();
  private final Set<UserId> sendersWithLookup = new HashSet<>();
  private final Set<UserId> sendersWithSearch = new HashSet<>();
  private final SearchedRanges searchedRanges = new SearchedRanges();
  private int waitingPostCount;

  MessageLookups(
      ActorContext<Conversation.Command> context,
      LogReader logReader,
      ConversationState state,
      PostTrails postTrails) {
    this.context = context;
    this.logReader = logReader;
    this.state = state;
    this.postTrails = postTrails;
  }

  boolean isIdle() {
    return hot.isIdle() && cold.isIdle() && sendersWithLookup.isEmpty();
  }

  /**
   * Whether an earlier post of the same sender is being looked up. If so, this post is queued or
   * refused here.
   */
  boolean mustWait(Conversation.Post post) {
    if (!sendersWithLookup.contains(post.author())) {
      return false;
    }
    ArrayDeque<Conversation.Post> those =
        waitingPosts.computeIfAbsent(post.author(), u -> new ArrayDeque<>());
    if (waitingPostCount >= MAX_WAITING || those.size() >= MAX_WAITING_OF_SENDER) {
      refuse(post, Refusal.unavailable("too many old messages are being looked up"));
    } else {
      waitingPostCount++;
      those.add(post);
    }
    return true;
  }

  private void refuse(Conversation.Post post, Refusal refusal) {
    postTrails.refused(post, refusal);
    post.replyTo().tell(new Conversation.PostRefused(post.clientMsgId(), refusal));
  }

  /** Decides whether the post is a duplicate, or starts a search. */
  DuplicateCheck checkDuplicate(Conversation.Post post, Member author, Facts facts, long now) {
    if (facts.known() != null) {
      return new Duplicate(facts.known());
    }
    long hash = ClientMsgIds.hash(post.author(), post.clientMsgId());
    long[] candidates = state.dedupe().candidates(hash, facts.comparedTo());
    for (long seq : candidates) {
      Entry entry = state.entryInMemory(seq);
      if (entry == null) {
        long oldest = candidates[candidates.length - 1];
        search(post, oldest, () -> compare(post, facts, oldest, seq));
        return new Pending();
      }
      if (isSamePost(post, entry)) {
        return new Duplicate(entry);
      }
    }
    long windowStart = state.dedupe().firstSeq();
    if (windowStart <= 1 || facts.searched()) {
      return new NewPost();
    }
    long time = ClientMsgIds.time(post.clientMsgId(), now);
    if (time == ClientMsgIds.NO_TIME) {
      return new NewPost();
    }
    ClockLead lead = author.clockLead();
    long earliest = time - lead.near();
    boolean old = earliest <= state.index().timeAtOrAfter(windowStart);
    long from = old ? state.index().seqBeforeTime(earliest) : windowStart;
    if (lead.hasFar()) {
      from = Math.min(from, lead.farFrom());
    }
    long to = old ? windowStart - 1 : Math.min(lead.farTo(), windowStart - 1);
    if (from > to || searchedRanges.rulesOut(post.author(), from, to, hash)) {
      return new NewPost();
    }
    boolean toWindow = to == windowStart - 1;
    long last = toWindow ? Math.min(to + WINDOW_OVERLAP, state.lastSeq()) : to;
    startSearch(post, facts, from, last, hash);
    return new Pending();
  }

  /** Looks for the post in the entries {@code from} to {@code to}, where it was seen last first. */
  private void startSearch(Conversation.Post post, Facts facts, long from, long to, long hash) {
    long located = searchedRanges.locate(post.author(), hash);
    SearchedRange known = searchedRanges.extendable(post.author(), from, to, hash);
    if (located > 0) {
      search(post, Math.min(located, from), () -> compareAt(post, facts, located, from, to));
    } else if (known == null) {
      search(post, from, () -> scan(post, facts, from, to));
    } else {
      long oldest = from < known.from() ? from : known.to() + 1;
      search(post, oldest, () -> scanFurther(post, facts, from, to, known));
    }
  }

  private static boolean isSamePost(Conversation.Post post, Entry entry) {
    return post.clientMsgId().equals(entry.clientMsgId()) && post.author().equals(entry.senderId());
  }

  /**
   * Compares the window's entries from the oldest to the newest candidate. Nearly always there is
   * only one.
   */
  private CompletionStage<Facts> compare(
      Conversation.Post post, Facts facts, long oldest, long seq) {
    return logReader
        .find(state, post.author(), oldest, seq, entry -> isSamePost(post, entry))
        .thenApply(found -> new Facts(seq, facts.searched(), found.orElse(null), facts.target()));
  }

  /**
   * Compares the post with the entry in which an id of the same hash was seen. Another id may have
   * the same hash; then all entries are searched.
   */
  private CompletionStage<Facts> compareAt(
      Conversation.Post post, Facts facts, long located, long from, long to) {
    return logReader
        .find(state, post.author(), located, located, entry -> isSamePost(post, entry))
        .thenCompose(
            found ->
                found.isPresent()
                    ? CompletableFuture.completedFuture(facts(facts, found, null))
                    : scan(post, facts, from, to));
  }

  private CompletionStage<Facts> scan(Conversation.Post post, Facts facts, long from, long to) {
    SearchedRange read = new SearchedRange(post.author(), from, to);
    return find(post, from, to, read).thenApply(found -> searched(facts, found, read));
  }

  /** Like {@link #scan}, but skips the part of the range that is known not to hold the id. */
  private CompletionStage<Facts> scanFurther(
      Conversation.Post post, Facts facts, long from, long to, SearchedRange known) {
    SearchedRange read = known.extended(from, to);
    // Reads to the known part even if it finds the post, so that one range is known in the end.
    return readAll(post, from, known.from() - 1, read)
        .thenCompose(
            before ->
                before.isPresent()
                    ? CompletableFuture.completedFuture(
                        facts(facts, before, read.endedAt(known.to())))
                    : find(post, known.to() + 1, to, read)
                        .thenApply(found -> searched(facts, found, read)));
  }

  /** Records all entries of a range; returns the post's entry if it is among them. */
  private CompletionStage<Optional<Entry>> readAll(
      Conversation.Post post, long from, long to, SearchedRange read) {
    AtomicReference<Entry> same = new AtomicReference<>();
    return find(
            post,
            from,
            to,
            entry -> {
              read.add(entry);
              if (isSamePost(post, entry)) {
                same.compareAndSet(null, entry);
              }
              return false;
            })
        .thenApply(none -> Optional.ofNullable(same.get()));
  }

  private CompletionStage<Optional<Entry>> find(
      Conversation.Post post, long from, long to, SearchedRange read) {
    return find(
        post,
        from,
        to,
        entry -> {
          read.add(entry);
          return isSamePost(post, entry);
        });
  }

  private CompletionStage<Optional<Entry>> find(
      Conversation.Post post, long from, long to, Predicate<Entry> wanted) {
    return to < from
        ? CompletableFuture.completedFuture(Optional.empty())
        : logReader.find(state, post.author(), from, to, wanted);
  }

  /** What a search has found that ends at the post's entry, if it is there. */
  private static Facts searched(Facts facts, Optional<Entry> found, SearchedRange range) {
    return facts(facts, found, found.map(e -> range.endedAt(e.seq())).orElse(range));
  }

  private static Facts facts(Facts facts, Optional<Entry> found, @Nullable SearchedRange read) {
    return new Facts(facts.comparedTo(), true, found.orElse(null), facts.target(), read);
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
    SearchQueue searchQueue = state.archive().isArchived(oldest) ? cold : hot;
    if (searchQueue.waiting.size() >= MAX_WAITING) {
      refuse(post, Refusal.unavailable("too many old messages are being looked up"));
      return;
    }
    sendersWithLookup.add(post.author());
    sendersWithSearch.add(post.author());
    searchQueue.waiting.add(new Search(post, oldest, run));
    next(searchQueue);
  }

  private void next(SearchQueue searchQueue) {
    if (searchQueue.running == null) {
      Search search = poll(searchQueue);
      searchQueue.running = search;
      if (search != null) {
        context.pipeToSelf(
            search.run().get(),
            (facts, failure) -> new Ended(search.post(), searchQueue == cold, facts, failure));
      }
    }
  }

  private @Nullable Search poll(SearchQueue searchQueue) {
    Search search = searchQueue.waiting.poll();
    while (search != null && searchQueue == hot && state.archive().isArchived(search.oldest())) {
      // The entries were archived while the search waited.
      moveToCold(search);
      search = searchQueue.waiting.poll();
    }
    return search;
  }

  private void moveToCold(Search search) {
    if (cold.waiting.size() < MAX_WAITING) {
      cold.waiting.add(search);
      next(cold);
    } else {
      Conversation.Post post = search.post();
      refuse(post, Refusal.unavailable("too many old messages are being looked up"));
      sendersWithSearch.remove(post.author());
      postHandled(post.author());
    }
  }

  void ended(Ended ended) {
    SearchQueue searchQueue = ended.wasCold() ? cold : hot;
    searchQueue.running = null;
    Conversation.Post post = ended.post();
    if (ended.facts() == null) {
      refuse(post, refusalOf(ended.failure()));
    } else {
      searchedRanges.note(ended.facts().read());
      if (ended.facts().known() != null) {
        searchedRanges.rememberLocation(
            ClientMsgIds.hash(post.author(), post.clientMsgId()), ended.facts().known().seq());
      }
      context.getSelf().tell(new Resume(post, ended.facts()));
    }
    sendersWithSearch.remove(post.author());
    if (ended.facts() == null) {
      postHandled(post.author());
    }
    next(searchQueue);
  }

  private Refusal refusalOf(@Nullable Throwable failure) {
    Refusal refusal = LogScans.refusalOf(failure);
    if (refusal != null) {
      return refusal;
    }
    context.getLog().warn("{}: the search for an old entry failed", state.id(), failure);
    return Refusal.unavailable("the log cannot be read now");
  }

  /**
   * Called when a resumed post has been handled. Resumes the next waiting post of the same sender,
   * one by one, so that they keep their order.
   */
  void postHandled(UserId author) {
    if (sendersWithSearch.contains(author) || !sendersWithLookup.contains(author)) {
      return;
    }
    ArrayDeque<Conversation.Post> those = waitingPosts.get(author);
    Conversation.Post next = those == null ? null : those.poll();
    if (next == null) {
      waitingPosts.remove(author);
      sendersWithLookup.remove(author);
    } else {
      waitingPostCount--;
      context.getSelf().tell(new Resume(next, Facts.NONE));
    }
  }

  void refuseAll(Refusal refusal) {
    for (SearchQueue searchQueue : List.of(hot, cold)) {
      searchQueue.waiting.forEach(search -> refuse(search.post(), refusal));
      searchQueue.waiting.clear();
      Search running = searchQueue.running;
      if (running != null) {
        refuse(running.post(), refusal);
      }
      searchQueue.running = null;
    }
    waitingPosts.values().forEach(posts -> posts.forEach(post -> refuse(post, refusal)));
    waitingPosts.clear();
    sendersWithLookup.clear();
    sendersWithSearch.clear();
    waitingPostCount = 0;
  }
}
