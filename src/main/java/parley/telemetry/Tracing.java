package parley.telemetry;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Records the ways of some messages as traces: one for a message, over all nodes that it passes. A
 * trace consists of spans, one for each part of the way. The part that comes later gets the context
 * of the one before as a text ({@link Traceparent}) in the actors' messages.
 *
 * <p>A message that was not chosen has no context and gets null for each span, so it costs no
 * object and no byte. Implementations are safe from any thread, and never block.
 */
public interface Tracing {
  /** Records nothing. */
  Tracing OFF =
      new Tracing() {
        @Override
        public @Nullable MessageSpan begin(Part root) {
          return null;
        }

        @Override
        public @Nullable MessageSpan child(Part part, @Nullable String parent) {
          return null;
        }
      };

  /** The parts of a message's way. */
  enum Part {
    /** From the frame of its sender to the {@code sent} that answers it. The root of the trace. */
    SOCKET,
    /** From an HTTP request that sends a message to its answer. The root of the trace. */
    HTTP,
    /** From its arrival at the conversation to its place in the log: duplicate, rules. */
    VALIDATE,
    /** From handing its event to the journal to the confirmation. */
    PERSIST,
    /** Telling the users of the members. */
    DISPATCH,
    /** A recipient's user takes it, and tells the user's sessions. */
    INBOX,
    /** From a recipient's session to its socket. */
    DELIVER,
    /** From a push provider's queue to the provider's answer. */
    PUSH
  }

  /**
   * Begins the trace of a message that has just arrived; null if it is not chosen.
   *
   * @param root how it has arrived: {@link Part#SOCKET} or {@link Part#HTTP}
   */
  @Nullable MessageSpan begin(Part root);

  /**
   * Begins a span that belongs to another one.
   *
   * @param parent the context of the other one
   * @return null if there is no context, or none that can be read
   */
  @Nullable MessageSpan child(Part part, @Nullable String parent);

  /** How many spans a collector has taken. */
  default long exported() {
    return 0;
  }

  /** How many spans were lost, because the collector did not take them or too many waited. */
  default long dropped() {
    return 0;
  }

  /** Hands over what is recorded. The result completes within a short time, and never fails. */
  default CompletionStage<Void> close() {
    return CompletableFuture.completedFuture(null);
  }
}
