package parley.session;

import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import parley.bounds.BoundedMap;
import parley.model.ConversationId;
import parley.user.Delivery;
import parley.user.User;

/**
 * Detects messages that were lost between a session and its user entity. Messages between nodes
 * arrive in order or not at all, so both sides count them. A hole in the numbers of the entity's
 * deliveries shows a loss. The loss of the last message shows at the next {@link User.Check}, which
 * the session sends now and then. Acknowledgements are kept until a check confirms that they have
 * arrived, and are sent again if it does not.
 */
final class UserLossCheck {
  /** Checks in a row without an answer after which the user entity counts as lost. */
  static final int MAX_UNANSWERED_CHECKS = 4;

  /**
   * Most conversations whose acknowledgements are kept. Beyond that the oldest is not sent again:
   * if it was lost, its entries are sent again after the next hello.
   */
  static final int MAX_CONVERSATIONS = 1_000;

  private final SessionDependencies dependencies;
  private final ClientLogin clientLogin;
  private final ActorRef<Delivery> session;
  private final BoundedMap<ConversationId, User.Ack> uncheckedAcks =
      BoundedMap.byAge(MAX_CONVERSATIONS);
  private final BoundedMap<ConversationId, User.Ack> checkedAcks =
      BoundedMap.byAge(MAX_CONVERSATIONS);
  private long receivedCount;
  private long ackMessagesSent;
  private int unansweredChecks;

  UserLossCheck(
      SessionDependencies dependencies, ClientLogin clientLogin, ActorRef<Delivery> session) {
    this.dependencies = dependencies;
    this.clientLogin = clientLogin;
    this.session = session;
  }

  /** The user entity has attached this session again, and numbers its deliveries from 1. */
  void restart() {
    receivedCount = 0;
    ackMessagesSent = 0;
    unansweredChecks = 0;
    uncheckedAcks.clear();
    checkedAcks.clear();
  }

  /** Counts a delivery. Returns whether it is the next one, so that none before it is missing. */
  boolean isNext(Delivery.Numbered numbered) {
    return numbered.nr() == ++receivedCount;
  }

  /** Sends acknowledgements, and keeps them until a check confirms them. */
  void ack(List<User.Ack> acks) {
    acks.forEach(ack -> uncheckedAcks.putLast(ack.conversationId(), ack));
    send(acks);
  }

  private void send(List<User.Ack> acks) {
    ackMessagesSent++;
    dependencies
        .entities()
        .user(clientLogin.me())
        .tell(new User.Acked(clientLogin.device(), clientLogin.sessionId(), acks));
  }

  /** Sends a check to the user entity. Returns false if too many checks in a row got no answer. */
  boolean check() {
    if (unansweredChecks >= MAX_UNANSWERED_CHECKS) {
      return false;
    }
    unansweredChecks++;
    uncheckedAcks.values().forEach(ack -> checkedAcks.putLast(ack.conversationId(), ack));
    uncheckedAcks.clear();
    dependencies
        .entities()
        .user(clientLogin.me())
        .tell(
            new User.Check(
                clientLogin.device(), clientLogin.sessionId(), ackMessagesSent, session));
    return true;
  }

  /**
   * Handles the answer to a check. Returns whether all deliveries of the user entity have arrived.
   */
  boolean onCheckAnswer(Delivery.Checked answer) {
    // The answer to an earlier check does not cover what was sent after that check.
    boolean last = unansweredChecks == 1;
    unansweredChecks = 0;
    if (answer.allAcksArrived() && last) {
      checkedAcks.clear();
    } else if (!checkedAcks.isEmpty()) {
      // Acknowledgements were lost, or an earlier answer that may have said so was lost: send them
      // again.
      send(new ArrayList<>(checkedAcks.values()));
    }
    return answer.lastSent() <= receivedCount;
  }
}
