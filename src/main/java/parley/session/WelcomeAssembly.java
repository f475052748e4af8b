package parley.session;

import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import parley.user.User;

/**
 * Assembles the user entity's answer to an attach: one message, or several for a device that lags
 * in many conversations.
 */
final class WelcomeAssembly {
  private final ActorRef<User.Command> user;
  private final List<User.Lag> lagging;
  private final @Nullable String sid;
  private int missing;

  WelcomeAssembly(User.Attached first) {
    user = first.user();
    lagging = new ArrayList<>(first.lagging());
    missing = first.more();
    sid = first.sid();
  }

  void add(User.MoreLagging more) {
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
  List<User.Lag> lagging() {
    return lagging;
  }
}
