package parley.session;

import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import parley.user.User;

/** A user's answer to an attach: one message or, for a device that is behind in a lot, several. */
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

  /** Whether all parts are here. */
  boolean whole() {
    return missing <= 0;
  }

  /** The entity itself. */
  ActorRef<User.Command> user() {
    return user;
  }

  /** The login of the attach that it answers; null where it has none, or none is told. */
  @Nullable String sid() {
    return sid;
  }

  /** Where the device is behind. */
  List<User.Lag> lagging() {
    return lagging;
  }
}
