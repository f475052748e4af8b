package parley.push;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Whether this process has seen its provider accept a notification.
 *
 * <p>Some answers say "this token is not one of yours". That is true of a token of another app or
 * environment, and of every token there is where the topic, the environment or the project is set
 * wrong. Before anything was accepted the setting may be at fault, and then no token is given up.
 */
final class ProviderConfirmation {
  private final AtomicBoolean accepted = new AtomicBoolean();

  void accepted() {
    // Read first: this is written once and read for each notification.
    if (!accepted.get()) {
      accepted.set(true);
    }
  }

  /** The token is not for us, or we are not who we should be. */
  PushOutcome notOurs(String reason) {
    return accepted.get() ? new PushOutcome.Gone(0, reason) : new PushOutcome.Refused(reason);
  }
}
