package parley.push;

import java.util.concurrent.CompletionStage;

/** The client of one push provider. Thread-safe. */
public interface PushGateway extends AutoCloseable {
  /**
   * Sends one notification. Never blocks and never throws. If the client itself throws, the stage
   * fails, and {@link PushService} answers {@link PushOutcome.Retry}. The stage must complete at
   * some time, whatever the provider does, because it holds a place of {@link PushLimits#inFlight}
   * until then.
   */
  CompletionStage<PushOutcome> send(Notification notification);

  /**
   * Most notifications the client can have in flight, if that is less than {@link PushLimits}
   * allow.
   */
  default int maxInFlight() {
    return Integer.MAX_VALUE;
  }

  /** Closes connections and threads; returns at once. */
  @Override
  void close();
}
