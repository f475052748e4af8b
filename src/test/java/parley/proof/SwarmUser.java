package parley.proof;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import parley.client.Account;
import parley.client.ParleyClient;

/**
 * What the devices of one user know together: its tokens, its conversations, what it may edit.
 * Thread-safe.
 */
final class SwarmUser {
  record Target(String conversation, long seq) {}

  private final Set<String> conversations = new TreeSet<>();
  private final List<String> peers = new ArrayList<>();
  private final List<Target> own = new ArrayList<>();
  private final List<Target> seen = new ArrayList<>();
  private Account account;
  private boolean ended;

  SwarmUser(Account account) {
    this.account = account;
  }

  synchronized Account account() {
    return account;
  }

  String id() {
    return account().userId();
  }

  /** New tokens, unless another device has fetched them since. */
  synchronized void renew(ParleyClient client, Account stale) {
    if (account.equals(stale)) {
      account = client.login(account.username(), account.password());
      ended = false;
    }
  }

  /** These tokens have ended: whoever connects next fetches new ones. */
  synchronized void outlived(Account stale) {
    ended = account.equals(stale);
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

  /** Not a member any more. */
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
