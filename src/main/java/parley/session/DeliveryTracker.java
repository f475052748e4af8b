package parley.session;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.Limits;
import parley.user.User;

/**
 * What one connection has been sent, and what it has. It promises: per conversation every seq
 * ascending, once, without a hole that is not announced; and at most {@link Limits#WINDOW} messages
 * that are not acknowledged.
 *
 * <p>An entry goes straight out if the conversation is not behind, the window has room and the
 * client reads. If not, it is dropped here and only the conversation's head moves: what is behind
 * is a range, not bodies, so a client that is a million entries behind costs as much as one that is
 * one behind. When there is room again the range is read from the conversation, page by page: one
 * page at a time for a conversation, two for the connection, and as many entries as the window
 * takes. (Rejected: keeping bodies up to some bound. It saves a read in the rare case and makes
 * every slow phone a heap of megabytes.)
 *
 * <p>The connection that wrote an entry gets {@code sent} in its place. Answer and entry come by
 * two ways, in any order: see {@link #sent} and {@link Port#claims}. A {@code sent} may overtake
 * messages, but no message overtakes it: a client that has the message after it would acknowledge
 * both. It is on its way, and no client can delay it, so what waits for it is held, bodies and all;
 * what is over {@link #HELD} is behind.
 *
 * <p>No actors and no clock in here: {@link Port} is all it can do.
 */
final class DeliveryTracker {
  /** Page requests of a connection that may be under way. */
  static final int PAGES = 2;

  /** Pages without anything in them before what should be there is called missing. */
  static final int PATIENCE = 4;

  /**
   * Entries that a connection holds while they wait for a {@code sent}. With the most content each
   * they are a megabyte, as much as its outbound buffer.
   */
  static final int HELD = 64;

  /** Conversations that are not behind of which it is remembered how far they were sent. */
  static final int ENDED = 1_000;

  private static final int LONGEST_REST = 32;

  /** What deliveries can do, and ask. */
  interface Port {
    /** Sends one entry. */
    void message(ConversationId conversationId, Entry entry, boolean live);

    /** Announces a hole. */
    void gap(ConversationId conversationId, long from, long to, String reason);

    /** The backlog has been sent: so many messages. */
    void synced(long messages);

    /** Asks the conversation for entries after a seq, ascending. */
    void ask(ConversationId conversationId, long after, int limit);

    /** Whether a {@code sent} of this connection will tell this entry. */
    boolean claims(ConversationId conversationId, Entry entry);

    /** Whether the client reads well enough for replay. */
    boolean replays();

    /** Whether the client does not read: nothing more is sent to it but what must be. */
    boolean slow();
  }

  private final Port port;
  private final Map<ConversationId, ConversationProgress> tracks = new LinkedHashMap<>();

  // Where tracks ended: everything up to there was sent and acknowledged, though perhaps not for
  // the user entity, if it died since. The longest untouched one is forgotten beyond the bound.
  private final Map<ConversationId, End> ended = new LinkedHashMap<>(4);
  private boolean forgot;

  // Behind, and to be asked for, in this order; those asked for, by the seq after which; and those
  // that wait after a failure, by how many more calls of rested().
  private final Set<ConversationId> behind = new LinkedHashSet<>();
  private final Map<ConversationId, Question> asked = new HashMap<>(4);
  private final Map<ConversationId, Integer> resting = new HashMap<>(4);
  private final Map<ConversationId, User.Ack> acks = new LinkedHashMap<>(4);

  // As many entries as the last pages had room for: reading what is then thrown away costs.
  private int pageSize = Limits.PAGE;

  private int unacked;
  private int covered;
  private int held;
  private int reserved;
  private int backlogs;
  private long replayed;

  private record Question(long after, int limit) {}

  /**
   * The end of a track.
   *
   * @param left the user has left: what comes after this follows it only by number
   */
  private record End(long sentTo, boolean left) {}

  DeliveryTracker(Port port) {
    this.port = port;
  }

  /** The session is attached; these are behind, the oldest first. */
  void attached(List<User.Lag> lags) {
    for (User.Lag lag : lags) {
      if (lag.head() > lag.acked() && !tracks.containsKey(lag.conversationId())) {
        ConversationProgress conversationProgress = new ConversationProgress(lag.acked());
        conversationProgress.head = lag.head();
        conversationProgress.backlogTo = lag.head();
        tracks.put(lag.conversationId(), conversationProgress);
        behind.add(lag.conversationId());
        backlogs++;
      }
    }
    boolean nothing = backlogs == 0;
    for (User.Lag lag : lags) {
      ConversationProgress conversationProgress = tracks.get(lag.conversationId());
      if (conversationProgress != null && expired(lag, conversationProgress)) {
        settle(lag.conversationId(), conversationProgress);
      }
    }
    if (nothing) {
      port.synced(0);
    }
    pump();
  }

  /** What has waited too long is not sent: the client is told where it is missing. */
  private boolean expired(User.Lag lag, ConversationProgress conversationProgress) {
    if (!conversationProgress.known() || lag.expired() <= conversationProgress.sentTo) {
      return false;
    }
    String reason = lag.expired() <= lag.forgotten() ? "forgotten" : "expired";
    gap(
        lag.conversationId(),
        conversationProgress,
        Math.min(lag.expired(), conversationProgress.head),
        reason);
    return true;
  }

  /**
   * The user entity says where this device stands, once more: it may have died and forgotten
   * acknowledgements, and entries may have been told while nobody listened.
   *
   * @return false where what is missing cannot be told from what was sent: the connection must end
   */
  boolean resumed(List<User.Lag> lags) {
    for (User.Lag lag : lags) {
      ConversationId id = lag.conversationId();
      if (forgot && !remembers(id) && !ended.containsKey(id)) {
        return false;
      }
      ConversationProgress conversationProgress = told(id, lag.acked());
      conversationProgress.left &= lag.head() <= conversationProgress.head;
      if (lag.head() > conversationProgress.head) {
        conversationProgress.untold =
            Math.min(conversationProgress.untold, conversationProgress.head);
      }
      conversationProgress.head = Math.max(conversationProgress.head, lag.head());
      if (conversationProgress.acked > lag.acked()) {
        acks.put(id, new User.Ack(id, conversationProgress.acked, conversationProgress.acked));
      }
      expired(lag, conversationProgress);
      settle(id, conversationProgress);
    }
    pump();
    return true;
  }

  /** The user is not in this conversation any more; what comes of it later is another story. */
  void left(ConversationId id) {
    ended.computeIfPresent(id, (k, end) -> new End(end.sentTo(), true));
    @Nullable ConversationProgress conversationProgress = tracks.get(id);
    if (conversationProgress != null) {
      conversationProgress.left = true;
    }
  }

  /** The user entity tells new entries. */
  void entries(ConversationId id, List<Entry> entries) {
    if (entries.isEmpty()) {
      return;
    }
    ConversationProgress conversationProgress = told(id, entries.getFirst().seq() - 1);
    // What is told again, because its user died and has forgotten it, is of the time before.
    conversationProgress.left &= entries.getLast().seq() <= conversationProgress.head;
    if (entries.getFirst().seq() <= conversationProgress.acked
        && entries.getFirst().seq() <= conversationProgress.sentTo) {
      // A user that tells what was acknowledged has forgotten the acknowledgement.
      acks.put(id, new User.Ack(id, conversationProgress.acked, conversationProgress.acked));
    }
    final long before = conversationProgress.head;
    claim(id, conversationProgress, entries, before, Long.MAX_VALUE);
    boolean next =
        conversationProgress.heldTo() == before && entries.getFirst().seq() <= before + 1;
    conversationProgress.head = Math.max(before, entries.getLast().seq());
    if (next) {
      if (!conversationProgress.waits()) {
        send(id, conversationProgress, entries, true);
      }
      hold(conversationProgress, entries);
      // What a client that does not read has not been sent from here on is skipped, see drained().
      conversationProgress.skipping =
          conversationProgress.lagging() && !conversationProgress.waits() && port.slow();
    }
    settle(id, conversationProgress);
    pump();
  }

  /** A {@code sent} goes out for an entry that was not told yet: when it is, it must not. */
  void sent(ConversationId id, long seq) {
    ConversationProgress conversationProgress =
        tracks.computeIfAbsent(id, k -> start(k, ConversationProgress.UNKNOWN));
    if (seq > conversationProgress.sentTo && conversationProgress.cover(seq)) {
      conversationProgress.disclaim(seq);
      covered++;
    }
    settle(id, conversationProgress);
  }

  /** A {@code sent} has told an entry that came before it: what follows may go out. */
  void said(ConversationId id, long seq) {
    @Nullable ConversationProgress conversationProgress = tracks.get(id);
    if (conversationProgress != null && conversationProgress.kept(seq)) {
      conversationProgress.disclaim(seq);
      while (conversationProgress.known()
          && conversationProgress.sentTo < conversationProgress.head
          && conversationProgress.tells(conversationProgress.sentTo + 1)) {
        conversationProgress.sentTo++;
      }
      sendHeld(id, conversationProgress);
      settle(id, conversationProgress);
      pump();
    }
  }

  /** No {@code sent} tells this entry after all: it is a message as any other. */
  void unsaid(ConversationId id, long seq) {
    @Nullable ConversationProgress conversationProgress = tracks.get(id);
    if (conversationProgress != null && conversationProgress.broken(seq)) {
      covered--;
      sendHeld(id, conversationProgress);
      settle(id, conversationProgress);
      pump();
    }
  }

  /** The conversation's answer to {@link Port#ask}. */
  void page(ConversationId id, List<Entry> entries) {
    @Nullable Question question = answered(id);
    @Nullable ConversationProgress conversationProgress = tracks.get(id);
    if (question == null || conversationProgress == null || !conversationProgress.lagging()) {
      pump();
      return;
    }
    long before = conversationProgress.sentTo;
    claim(
        id,
        conversationProgress,
        entries,
        Math.max(conversationProgress.untold, conversationProgress.sentTo),
        conversationProgress.head);
    boolean blocked = send(id, conversationProgress, entries, false);
    hold(conversationProgress, entries);
    int sent = (int) (conversationProgress.sentTo - before);
    if (!blocked) {
      pageSize = Math.min(Limits.PAGE, pageSize * 2);
    } else if (!conversationProgress.waits()) {
      pageSize = Math.max(1, Math.min(pageSize, sent));
    }
    if (sent > 0) {
      conversationProgress.failures = 0;
      conversationProgress.empties = 0;
    } else if (!blocked && question.after() == before) {
      // It has been persisted, or its user would not have told it; a store may be late to show it.
      if (++conversationProgress.empties >= PATIENCE) {
        gap(id, conversationProgress, conversationProgress.head, "missing");
      } else {
        rest(id, conversationProgress);
      }
    }
    settle(id, conversationProgress);
    pump();
  }

  /** The conversation did not answer {@link Port#ask}, or not now. */
  void pageFailed(ConversationId id) {
    answered(id);
    @Nullable ConversationProgress conversationProgress = tracks.get(id);
    if (conversationProgress != null && conversationProgress.lagging()) {
      conversationProgress.failures = Math.min(conversationProgress.failures + 1, 16);
      rest(id, conversationProgress);
    }
    pump();
  }

  /** The conversation has nothing more for this user. */
  void pageRefused(ConversationId id) {
    answered(id);
    @Nullable ConversationProgress conversationProgress = tracks.get(id);
    if (conversationProgress != null && conversationProgress.lagging()) {
      gap(id, conversationProgress, conversationProgress.head, "not_found");
      settle(id, conversationProgress);
    }
    pump();
  }

  /** The user entity says that entries are not to be had. */
  void gapSeen(ConversationId id, long from, long to, String reason) {
    ConversationProgress conversationProgress = told(id, from - 1);
    boolean next =
        conversationProgress.sentTo == conversationProgress.head
            && from <= conversationProgress.sentTo + 1;
    conversationProgress.head = Math.max(conversationProgress.head, to);
    // Behind an unsent range the gap shows when replay gets there: in order, as everything.
    if (next && to > conversationProgress.sentTo) {
      gap(id, conversationProgress, to, reason);
    }
    settle(id, conversationProgress);
    pump();
  }

  /** The client has everything up to seq. Unknown conversations have nothing to acknowledge. */
  void ack(ConversationId id, long seq) {
    @Nullable ConversationProgress conversationProgress = tracks.get(id);
    if (conversationProgress == null) {
      return;
    }
    long claim = Math.min(seq, conversationProgress.proven());
    if (claim <= conversationProgress.claimed) {
      return;
    }
    conversationProgress.claimed = claim;
    settle(id, conversationProgress);
    // One acknowledgement for each message is common: rather one page for many of them.
    if (free() >= Limits.WINDOW / 4) {
      pump();
    }
  }

  /** Conversations acknowledged since the last {@link #takeAcks}. */
  int ackCount() {
    return acks.size();
  }

  /** What was acknowledged since the last time. To be followed by {@link #pump}. */
  List<User.Ack> takeAcks() {
    List<User.Ack> taken = List.copyOf(acks.values());
    acks.clear();
    return taken;
  }

  /**
   * The client reads again.
   *
   * @param announce it was slow for so long that what it missed is announced, not sent
   */
  void drained(boolean announce) {
    for (ConversationId id : new ArrayList<>(behind)) {
      ConversationProgress conversationProgress = tracks.get(id);
      if (conversationProgress != null && conversationProgress.skipping) {
        conversationProgress.skipping = false;
        if (announce) {
          gap(id, conversationProgress, conversationProgress.head, "slow");
          settle(id, conversationProgress);
        }
      }
    }
    pump();
  }

  /** Some time has passed: what rests after a failure may be asked for again. */
  void rested() {
    resting.replaceAll((id, left) -> left - 1);
    resting.values().removeIf(left -> left <= 0);
    pump();
  }

  /** Whether {@link #rested} is to be called. */
  boolean rests() {
    return !resting.isEmpty();
  }

  /** Entries that were answered with {@code sent} and have not come by themselves yet. */
  int coveredCount() {
    return covered;
  }

  /** Entries that wait for a {@code sent}. */
  int heldCount() {
    return held;
  }

  /** Messages sent and not acknowledged. */
  int unackedCount() {
    return unacked;
  }

  /** Whether it is remembered up to where the conversation was told. */
  boolean remembers(ConversationId id) {
    ConversationProgress conversationProgress = tracks.get(id);
    return conversationProgress != null && conversationProgress.known();
  }

  /** Conversations that are remembered. */
  int trackCount() {
    return tracks.size();
  }

  /** Asks for what is behind, as far as window, socket and pages under way allow. */
  void pump() {
    if (behind.isEmpty() || asked.size() >= PAGES || free() <= reserved || !port.replays()) {
      return;
    }
    for (ConversationId id : behind) {
      int room = free() - reserved;
      if (asked.size() >= PAGES || room <= 0) {
        return;
      }
      ConversationProgress conversationProgress = tracks.get(id);
      if (conversationProgress == null
          || conversationProgress.skipping
          || conversationProgress.waits()) {
        continue;
      }
      if (asked.containsKey(id) || resting.containsKey(id)) {
        continue;
      }
      int limit =
          (int)
              Math.min(
                  Math.min(pageSize, room),
                  conversationProgress.head - conversationProgress.sentTo);
      reserved += limit;
      asked.put(id, new Question(conversationProgress.sentTo, limit));
      port.ask(id, conversationProgress.sentTo, limit);
    }
  }

  private int free() {
    return Limits.WINDOW - unacked;
  }

  private @Nullable Question answered(ConversationId id) {
    @Nullable Question question = asked.remove(id);
    reserved -= question == null ? 0 : question.limit();
    return question;
  }

  private ConversationProgress start(ConversationId id, long before) {
    End end = ended.remove(id);
    if (end == null) {
      return new ConversationProgress(before);
    }
    if (!end.left()) {
      return new ConversationProgress(end.sentTo());
    }
    // Added again, it begins anew; told again, it does not.
    boolean again = before > end.sentTo();
    ConversationProgress conversationProgress =
        new ConversationProgress(
            again || before == ConversationProgress.UNKNOWN ? before : end.sentTo());
    conversationProgress.left = !again;
    conversationProgress.floor = end.sentTo();
    return conversationProgress;
  }

  private void end(ConversationId id, ConversationProgress conversationProgress) {
    tracks.remove(id);
    ended.put(id, new End(conversationProgress.sentTo, conversationProgress.left));
    if (ended.size() > ENDED) {
      ended.remove(ended.keySet().iterator().next());
      forgot = true;
    }
  }

  // A conversation that was never heard of is not behind: what comes next follows what was told.
  private ConversationProgress told(ConversationId id, long before) {
    ConversationProgress conversationProgress = tracks.computeIfAbsent(id, k -> start(k, before));
    if (!conversationProgress.known()) {
      conversationProgress.sentTo = Math.max(before, conversationProgress.floor);
      conversationProgress.head = conversationProgress.sentTo;
      conversationProgress.acked =
          Math.max(conversationProgress.acked, conversationProgress.sentTo);
      conversationProgress.claimed =
          Math.max(conversationProgress.claimed, conversationProgress.acked);
    }
    return conversationProgress;
  }

  // Sends what follows; answers whether it had to stop before the end.
  private boolean send(
      ConversationId id,
      ConversationProgress conversationProgress,
      List<Entry> entries,
      boolean live) {
    for (Entry entry : entries) {
      long seq = entry.seq();
      if (seq <= conversationProgress.sentTo) {
        continue;
      }
      if (seq > conversationProgress.head) {
        return false;
      }
      if (live ? port.slow() : !port.replays()) {
        return true;
      }
      if (seq > conversationProgress.sentTo + 1) {
        gap(id, conversationProgress, seq - 1, "missing");
      }
      if (conversationProgress.promises(seq)) {
        return true;
      } else if (conversationProgress.covers(seq)) {
        conversationProgress.sentTo = seq;
      } else if (free() <= 0) {
        return true;
      } else {
        port.message(id, entry, live);
        unacked += conversationProgress.sent(seq);
        if (seq <= conversationProgress.backlogTo) {
          replayed++;
        }
      }
    }
    return false;
  }

  // Own entries whose answer is still to come: a sent will tell them.
  private void claim(
      ConversationId id,
      ConversationProgress conversationProgress,
      List<Entry> entries,
      long after,
      long to) {
    for (Entry entry : entries) {
      long seq = entry.seq();
      if (seq > after && seq <= to && port.claims(id, entry) && conversationProgress.cover(seq)) {
        conversationProgress.promise(seq);
        covered++;
      }
    }
  }

  private void hold(ConversationProgress conversationProgress, List<Entry> entries) {
    if (conversationProgress.waits()) {
      held += conversationProgress.hold(entries, HELD - held);
    }
  }

  private List<Entry> takeHeld(ConversationProgress conversationProgress) {
    List<Entry> taken = conversationProgress.takeHeld();
    held -= taken.size();
    return taken;
  }

  private void sendHeld(ConversationId id, ConversationProgress conversationProgress) {
    List<Entry> waiting = takeHeld(conversationProgress);
    send(id, conversationProgress, waiting, true);
    hold(conversationProgress, waiting);
  }

  private void gap(
      ConversationId id, ConversationProgress conversationProgress, long to, String reason) {
    while (conversationProgress.sentTo < to
        && conversationProgress.tells(conversationProgress.sentTo + 1)) {
      conversationProgress.sentTo++;
    }
    if (conversationProgress.sentTo < to) {
      port.gap(id, conversationProgress.sentTo + 1, to, reason);
      conversationProgress.disclaim(conversationProgress.sentTo + 1);
      conversationProgress.sentTo = to;
    }
  }

  private void rest(ConversationId id, ConversationProgress conversationProgress) {
    int tries = conversationProgress.failures + conversationProgress.empties;
    resting.put(id, Math.min(LONGEST_REST, 1 << Math.min(tries - 1, 5)));
  }

  // After every change of a track: what follows from where it stands now.
  private void settle(ConversationId id, ConversationProgress conversationProgress) {
    long earned = conversationProgress.earned();
    if (earned > conversationProgress.acked) {
      unacked -= conversationProgress.ack(earned);
      acks.put(id, new User.Ack(id, earned, earned));
    }
    covered -= conversationProgress.trim();
    if (!conversationProgress.waits()) {
      takeHeld(conversationProgress);
    }
    if (conversationProgress.lagging()) {
      behind.add(id);
    } else {
      behind.remove(id);
      resting.remove(id);
      conversationProgress.skipping = false;
      conversationProgress.failures = 0;
      conversationProgress.empties = 0;
    }
    if (conversationProgress.done()) {
      end(id, conversationProgress);
    }
    if (conversationProgress.backlogTo > 0
        && conversationProgress.sentTo >= conversationProgress.backlogTo) {
      conversationProgress.backlogTo = 0;
      if (--backlogs == 0) {
        port.synced(replayed);
      }
    }
  }
}
