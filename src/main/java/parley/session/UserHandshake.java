package parley.session;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import parley.model.ConversationId;
import parley.user.User;

/**
 * Detects messages that were lost between a session and its user entity. Messages between nodes
 * arrive in order or not at all, so both sides count them. A hole in the numbers of the entity's
 * deliveries shows a loss. The loss of the last message shows at the next {@link User.Check}, which
 * the session sends now and then. Acknowledgements are kept until a check confirms that they have
 * arrived, and are sent again if it does not.
 */
final class UserHandshake {
  /** Checks in a row without an answer after which the user entity counts as lost. */
  static final int PATIENCE = 4;

  /**
   * Most conversations whose acknowledgements are kept. Beyond that the oldest is not sent again:
   * if it was lost, its entries are sent again after the next hello.
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

  /** The user entity has attached this session again, and numbers its deliveries from 1. */
  void anew() {
    told = 0;
    acked = 0;
    unanswered = 0;
    sinceCheck.clear();
    checked.clear();
  }

  /** Counts a delivery. Returns whether it is the next one, so that none before it is missing. */
  boolean next(User.Numbered numbered) {
    return numbered.nr() == ++told;
  }

  /** Sends acknowledgements, and keeps them until a check confirms them. */
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

  /** Sends a check to the user entity. Returns false if too many checks in a row got no answer. */
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

  /**
   * Handles the answer to a check. Returns whether all deliveries of the user entity have arrived.
   */
  boolean answered(User.Checked answer) {
    // The answer to an earlier check does not cover what was sent after that check.
    boolean last = unanswered == 1;
    unanswered = 0;
    if (answer.heard() && last) {
      checked.clear();
    } else if (!checked.isEmpty()) {
      // Acknowledgements were lost, or an earlier answer that may have said so was lost: send them
      // again.
      send(new ArrayList<>(checked.values()));
    }
    return answer.told() <= told;
  }
}
