package parley.push;

import java.util.concurrent.CompletionStage;

/** The client of one provider. Safe from any thread. */
public interface PushGateway extends AutoCloseable {
  /**
   * Sends one notification. Never blocks and never throws; what the client itself throws fails the
   * stage, and {@link PushService} takes that for a {@link PushOutcome.Retry}. The stage completes
   * sooner or later, whatever the provider does: it holds a place of {@link PushLimits#inFlight}
   * until then.
   */
  CompletionStage<PushOutcome> send(Notification notification);

  /** Most notifications it can have in flight, where that is less than {@link PushLimits} allow. */
  default int atOnce() {
    return Integer.MAX_VALUE;
  }

  /** Ends its connections and threads; returns at once. */
  @Override
  void close();
}
