package parley.session;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import parley.model.ConversationId;
import parley.user.User;

/**
 * Whether what a session and its user told each other has arrived. Messages between nodes come in
 * order or not at all, so both sides count: a hole in what the user told shows by its number, and
 * what was lost last shows by a {@link User.Check} now and then. Acknowledgements are kept until
 * such a check has found them to be there, and sent again where it has not.
 */
final class UserHandshake {
  /** Checks in a row without an answer until the user is given up. */
  static final int PATIENCE = 4;

  /**
   * Most conversations with acknowledgements that are kept. One too many is not sent again: if it
   * was lost, its entries come again after the next hello.
   */
  static final int KEPT = 1_000;

  private final SessionDeps deps;
  private final ClientIdentity clientIdentity;
  private final ActorRef<User.Delivery> session;
  private final Map<ConversationId, User.Ack> sinceCheck = new LinkedHashMap<>(4);
  private final Map<ConversationId, User.Ack> checked = new LinkedHashMap<>(4);
  private long told;
  private long acked;
  private int unanswered;

  UserHandshake(SessionDeps deps, ClientIdentity clientIdentity, ActorRef<User.Delivery> session) {
    this.deps = deps;
    this.clientIdentity = clientIdentity;
    this.session = session;
  }

  /** The user has taken this session anew, and counts from the beginning. */
  void anew() {
    told = 0;
    acked = 0;
    unanswered = 0;
    sinceCheck.clear();
    checked.clear();
  }

  /** Whether this is the next, and nothing before it is missing. */
  boolean next(User.Numbered numbered) {
    return numbered.nr() == ++told;
  }

  /** Sends acknowledgements. */
  void ack(List<User.Ack> acks) {
    acks.forEach(ack -> keep(sinceCheck, ack));
    send(acks);
  }

  private void send(List<User.Ack> acks) {
    acked++;
    deps.entities()
        .user(clientIdentity.me())
        .tell(new User.Acked(clientIdentity.device(), clientIdentity.sessionId(), acks));
  }

  private static void keep(Map<ConversationId, User.Ack> kept, User.Ack ack) {
    kept.remove(ack.conversationId());
    if (kept.size() >= KEPT) {
      kept.remove(kept.keySet().iterator().next());
    }
    kept.put(ack.conversationId(), ack);
  }

  /** Asks the user. Answers false where that has been in vain for too long. */
  boolean check() {
    if (unanswered >= PATIENCE) {
      return false;
    }
    unanswered++;
    sinceCheck.values().forEach(ack -> keep(checked, ack));
    sinceCheck.clear();
    deps.entities()
        .user(clientIdentity.me())
        .tell(new User.Check(clientIdentity.device(), clientIdentity.sessionId(), acked, session));
    return true;
  }

  /** The user's answer. Answers whether nothing it told is missing. */
  boolean answered(User.Checked answer) {
    // An answer to an earlier check says nothing of what was sent after that one.
    boolean last = unanswered == 1;
    unanswered = 0;
    if (answer.heard() && last) {
      checked.clear();
    } else if (!checked.isEmpty()) {
      // Not heard; or an answer before this one was lost, which may have said so.
      send(new ArrayList<>(checked.values()));
    }
    return answer.told() <= told;
  }
}
