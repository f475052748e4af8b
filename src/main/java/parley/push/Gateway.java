package parley.push;

import java.util.concurrent.CompletionStage;

/** The client of one provider. Safe from any thread. */
public interface Gateway extends AutoCloseable {
  /**
   * Sends one notification. Never blocks and never throws; what the client itself throws fails the
   * stage, and {@link Push} takes that for a {@link Outcome.Retry}.
   */
  CompletionStage<Outcome> send(Notification notification);

  /** Ends its connections and threads; returns at once. */
  @Override
  void close();
}
