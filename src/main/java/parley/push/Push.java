package parley.push;

import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;
import parley.telemetry.Telemetry;

/**
 * Sends notifications by the providers of this node. It answers each {@link Send} once, whatever
 * the provider does; it never blocks; none of its messages leaves the node.
 */
public final class Push {
  private Push() {}

  /** What {@link Push} understands. */
  public sealed interface Command {}

  /**
   * Send it. A platform without a provider is answered {@link Outcome.Refused} {@code
   * not_configured}: ask {@link Providers#has} first.
   *
   * @param reference comes back in {@link Sent}, for whoever asked to know which it was
   */
  public record Send(Notification notification, long reference, ActorRef<Sent> replyTo)
      implements Command {}

  /** The one answer to a {@link Send}. */
  public record Sent(long reference, Outcome outcome) {}

  private record Answered(Send send, @Nullable Outcome outcome) implements Command {}

  /**
   * The actor of a node, which closes the providers when it stops.
   *
   * @param limits hold for each provider by itself
   */
  public static Behavior<Command> create(Providers providers, Limits limits, Telemetry telemetry) {
    return Behaviors.receive(
        (context, command) -> {
          switch (command) {
            case Send send -> {
              Gateway gateway = providers.gateway(send.notification().platform());
              if (gateway == null) {
                send.replyTo()
                    .tell(new Sent(send.reference(), new Outcome.Refused("not_configured")));
              } else {
                context.pipeToSelf(
                    gateway.send(send.notification()),
                    (outcome, failure) -> new Answered(send, outcome));
              }
            }
            case Answered answered -> {
              Outcome outcome = answered.outcome();
              answered
                  .send()
                  .replyTo()
                  .tell(
                      new Sent(
                          answered.send().reference(),
                          outcome == null ? new Outcome.Retry(null, "failed") : outcome));
            }
          }
          return Behaviors.same();
        });
  }
}
