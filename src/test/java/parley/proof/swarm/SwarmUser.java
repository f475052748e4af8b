package parley.proof.swarm;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import parley.client.ParleyClient;
import parley.client.TestAccount;

/**
 * What the devices of one user share: its tokens, its conversations, and the entries that it may
 * edit. Thread-safe.
 */
public final class SwarmUser {
  record Target(String conversation, long seq) {}

  private final Set<String> conversations = new TreeSet<>();
  private final List<String> peers = new ArrayList<>();
  private final List<Target> own = new ArrayList<>();
  private final List<Target> seen = new ArrayList<>();
  private TestAccount testAccount;
  private boolean ended;

  SwarmUser(TestAccount testAccount) {
    this.testAccount = testAccount;
  }

  public synchronized TestAccount account() {
    return testAccount;
  }

  public String id() {
    return account().userId();
  }

  /** Gets new tokens, unless another device has done so since. */
  public synchronized void renew(ParleyClient client, TestAccount stale) {
    if (testAccount.equals(stale)) {
      testAccount = client.renew(testAccount);
      ended = false;
    }
  }

  /** Marks these tokens as expired: the next device that connects gets new ones. */
  synchronized void outlived(TestAccount stale) {
    ended = testAccount.equals(stale);
  }

  synchronized boolean ended() {
    return ended;
  }

  synchronized void peer(String userId) {
    peers.add(userId);
  }

  synchronized @Nullable String peer(Random random) {
    return peers.isEmpty() ? null : peers.get(random.nextInt(peers.size()));
  }

  synchronized void knows(String conversation) {
    conversations.add(conversation);
  }

  /** The user is no longer a member. */
  synchronized void forgets(String conversation) {
    conversations.remove(conversation);
    own.removeIf(target -> target.conversation().equals(conversation));
    seen.removeIf(target -> target.conversation().equals(conversation));
  }

  synchronized Set<String> conversations() {
    return new TreeSet<>(conversations);
  }

  synchronized @Nullable String conversation(Random random) {
    List<String> all = List.copyOf(conversations);
    return all.isEmpty() ? null : all.get(random.nextInt(all.size()));
  }

  synchronized void sent(String conversation, long seq) {
    remember(own, new Target(conversation, seq));
  }

  synchronized void saw(String conversation, long seq) {
    remember(seen, new Target(conversation, seq));
  }

  synchronized void deleting(Target target) {
    own.remove(target);
    seen.remove(target);
  }

  synchronized @Nullable Target ownTarget(Random random) {
    return own.isEmpty() ? null : own.get(random.nextInt(own.size()));
  }

  synchronized @Nullable Target target(Random random) {
    return seen.isEmpty() ? null : seen.get(random.nextInt(seen.size()));
  }

  private static void remember(List<Target> list, Target target) {
    list.add(target);
    if (list.size() > 100) {
      list.removeFirst();
    }
  }
}
