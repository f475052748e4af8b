package parley.session;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.session.SessionHarness.entries;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import parley.model.ConversationId;
import parley.model.Entry;

/**
 * Records what a tracker sends and requests, as lists. The test plays the client and the
 * conversations.
 */
final class DeliveryTrackerHarness implements DeliveryTracker.Port {
  /** Receives what the tracker sends. */
  interface Client {
    void see(ConversationId id, long from, long to, boolean gap);
  }

  /** Says which entries this connection wrote. */
  interface Claims {
    boolean mine(ConversationId id, long seq);
  }

  /** Messages as "a7", gaps as "gap a 2-6 slow", and "synced 3". */
  final List<String> log = new ArrayList<>();

  /** The requested pages: after which seq, and how many entries. */
  final Map<ConversationId, List<Long>> asks = new LinkedHashMap<>();

  /** The seqs that this connection wrote and that have no answer yet. */
  final Set<Long> claimed = new HashSet<>();

  boolean slow;

  /** How many more messages fit before replay stops. */
  int room = Integer.MAX_VALUE;

  int synced;
  Client client = (id, from, to, gap) -> {};
  Claims claimsIn = (id, seq) -> claimed.contains(seq);
  private final DeliveryTracker target = new DeliveryTracker(this);

  DeliveryTracker deliveries() {
    return target;
  }

  /** The messages of the log, without gaps and the rest. */
  List<String> messages() {
    return log.stream().filter(l -> !l.contains(" ")).toList();
  }

  /** Answers the requested page, from a conversation with this many entries. */
  void answer(ConversationId id, long written) {
    List<Long> ask = asks.remove(id);
    assertThat(ask).as("asked for " + id).isNotNull();
    long after = ask.get(0);
    target.page(id, entries(after + 1, Math.min(written, after + ask.get(1))));
  }

  @Override
  public void message(ConversationId id, Entry entry, boolean live) {
    log.add(id.value() + entry.seq());
    if (room != Integer.MAX_VALUE) {
      room--;
    }
    client.see(id, entry.seq(), entry.seq(), false);
  }

  @Override
  public void gap(ConversationId id, long from, long to, String reason) {
    log.add("gap " + id + " " + from + "-" + to + " " + reason);
    client.see(id, from, to, true);
  }

  @Override
  public void synced(long messages) {
    synced++;
    log.add("synced " + messages);
  }

  @Override
  public void requestPage(ConversationId id, long after, int limit) {
    assertThat(asks.put(id, List.of(after, (long) limit))).as("one page at a time").isNull();
    assertThat(asks).hasSizeLessThanOrEqualTo(2);
  }

  @Override
  public boolean belongsToPendingPost(ConversationId id, Entry entry) {
    return claimsIn.mine(id, entry.seq());
  }

  @Override
  public boolean canReplay() {
    return !slow && room > 0;
  }

  @Override
  public boolean isOverfull() {
    return slow;
  }
}
