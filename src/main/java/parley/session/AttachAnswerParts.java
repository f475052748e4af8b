package parley.session;

import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import parley.user.Delivery;
import parley.user.User;

/**
 * Assembles the user entity's answer to an attach: one message, or several for a device that lags
 * in many conversations.
 */
final class AttachAnswerParts {
  private final ActorRef<User.Command> user;
  private final List<Delivery.Lag> lagging;
  private final @Nullable String sid;
  private int missing;

  AttachAnswerParts(Delivery.Attached first) {
    user = first.user();
    lagging = new ArrayList<>(first.lagging());
    missing = first.more();
    sid = first.sid();
  }

  void add(Delivery.MoreLagging more) {
    lagging.addAll(more.lagging());
    missing--;
  }

  /** Whether all parts have arrived. */
  boolean isComplete() {
    return missing <= 0;
  }

  /** The user entity. */
  ActorRef<User.Command> user() {
    return user;
  }

  /**
   * The login of the attach that was answered; null if it has none, or the answer does not name it.
   */
  @Nullable String sid() {
    return sid;
  }

  /** The conversations in which the device lags. */
  List<Delivery.Lag> lagging() {
    return lagging;
  }
}
