package parley.push;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Records whether the provider has accepted a notification of this process.
 *
 * <p>Some answers say that a token belongs to another app or environment. A provider gives the same
 * answer for every token if the topic, the environment or the project is configured wrong. Until a
 * first notification is accepted, the configuration may be at fault, so no token is removed.
 */
final class ProviderConfirmation {
  private final AtomicBoolean accepted = new AtomicBoolean();

  void accepted() {
    // Reads first: the flag is written once and read for each notification.
    if (!accepted.get()) {
      accepted.set(true);
    }
  }

  /** The outcome for an answer that is true of a foreign token and of a wrong configuration. */
  PushOutcome foreignToken(String reason) {
    return accepted.get() ? new PushOutcome.Gone(0, reason) : new PushOutcome.Refused(reason);
  }
}
