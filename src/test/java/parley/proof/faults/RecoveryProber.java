package parley.proof.faults;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import parley.client.Answer;
import parley.client.ClientIds;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.proof.checker.HistoryEvent;
import parley.proof.checker.RecordedHistory;
import parley.proof.swarm.Recorder;
import parley.proof.swarm.Swarm;
import parley.proof.swarm.SwarmUser;

/**
 * Measures how long conversations are unavailable after their node fails: from the fault to the
 * first {@code sent} in each of them. Clients of the other nodes try every quarter of a second.
 */
public final class RecoveryProber implements AutoCloseable {
  private static final int CONVERSATIONS = 12;
  private static final int TRY_MILLIS = 250;
  private static final int GIVE_UP_SECONDS = 90;

  private final ClusterProcess cluster;
  private final Swarm swarm;
  private final RecordedHistory recordedHistory;
  private final List<ParleyClient> clients;
  private final Map<String, Long> recovered = new ConcurrentHashMap<>();
  private final List<Long> all = new ArrayList<>();
  private final CountDownLatch over = new CountDownLatch(1);

  public RecoveryProber(ClusterProcess cluster, Swarm swarm, RecordedHistory recordedHistory) {
    this.cluster = cluster;
    this.swarm = swarm;
    this.recordedHistory = recordedHistory;
    this.clients = cluster.uris().stream().map(ParleyClient::new).toList();
  }

  /** Conversations on a node, each with a user who may write in it; at most a dozen. */
  Map<String, SwarmUser> on(int node) {
    Set<Integer> shards = cluster.shards(node, "conversation");
    Map<String, SwarmUser> found = new TreeMap<>();
    swarm
        .settledConversations()
        .forEach(
            (id, user) -> {
              if (found.size() < CONVERSATIONS && shards.contains(ClusterProcess.shardOf(id))) {
                found.put(id, user);
              }
            });
    return found;
  }

  /**
   * Waits until all these conversations have taken a message again, and returns how long each was
   * gone, in milliseconds; fails if one has not after 90 s.
   *
   * @param without a node that nobody asks
   */
  List<Long> measure(Map<String, SwarmUser> conversations, int without, long sinceNanos) {
    recovered.clear();
    List<Thread> threads = new ArrayList<>();
    conversations.forEach(
        (id, user) ->
            threads.add(Thread.ofVirtual().start(() -> probe(id, user, without, sinceNanos))));
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    Set<String> lost = new TreeSet<>(conversations.keySet());
    lost.removeAll(recovered.keySet());
    if (!lost.isEmpty()) {
      throw new AssertionError(
          "conversations of node "
              + without
              + " that took no message within "
              + GIVE_UP_SECONDS
              + " s: "
              + lost);
    }
    List<Long> millis = recovered.values().stream().sorted().toList();
    all.addAll(millis);
    return millis;
  }

  /** Everything measured so far, ascending. */
  public List<Long> all() {
    return all.stream().sorted().toList();
  }

  private void probe(String id, SwarmUser user, int without, long sinceNanos) {
    String device = "probe-" + user.account().username();
    String clientMsgId = ClientIds.next();
    String text = "probe " + clientMsgId;
    Random random = new Random(id.hashCode());
    int[] others = IntStream.range(0, clients.size()).filter(n -> n != without).toArray();
    var body =
        JsonTrees.obj(
            "conversation_id", id, "client_msg_id", clientMsgId, "type", "text", "content", text);
    CountDownLatch done = new CountDownLatch(1);
    long giveUp = sinceNanos + TimeUnit.SECONDS.toNanos(GIVE_UP_SECONDS);
    while (done.getCount() > 0 && over.getCount() > 0 && System.nanoTime() < giveUp) {
      recordedHistory.add(
          new HistoryEvent.Sending(user.id(), device, 0, id, null, clientMsgId, "text", 0, text));
      var unused =
          clients
              .get(others[random.nextInt(others.length)])
              .callAsync("POST", "/v1/messages", user.account().accessToken(), body)
              .whenComplete(
                  (answer, failure) -> {
                    if (failure != null) {
                      recordedHistory.add(
                          new HistoryEvent.Unknown(
                              user.id(), device, clientMsgId, String.valueOf(failure)));
                    } else if (sent(user, device, clientMsgId, answer)) {
                      recovered.putIfAbsent(id, (System.nanoTime() - sinceNanos) / 1_000_000);
                      done.countDown();
                    }
                  });
      try {
        boolean unusedToo = done.await(TRY_MILLIS, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private boolean sent(SwarmUser user, String device, String clientMsgId, Answer answer) {
    if (answer.status() == 200 || answer.status() == 201) {
      recordedHistory.add(Recorder.answered(user.id(), device, 0, answer.body()));
      return true;
    }
    if (answer.status() == 401) {
      user.renew(clients.getFirst(), user.account());
    }
    recordedHistory.add(
        new HistoryEvent.Refused(user.id(), device, clientMsgId, answer.code(), true));
    return false;
  }

  @Override
  public void close() {
    over.countDown();
    clients.forEach(ParleyClient::close);
  }
}
