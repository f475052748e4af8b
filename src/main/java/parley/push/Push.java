package parley.push;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.StringJoiner;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;
import parley.telemetry.Telemetry;

/**
 * Sends notifications by the providers of this node. It answers each {@link Send} once, whatever
 * the provider does; it never blocks; none of its messages leaves the node. Providers share
 * nothing: a slow one fills its own {@link Lane} and no other.
 *
 * <p>What it answers of its own: {@link Outcome.Retry} with {@code busy} where too many wait,
 * {@code timeout} where the provider has not answered in time (a later answer is ignored), {@code
 * unreachable} with the time to wait where nobody is there, {@code stopping} at the end.
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

  private record Answered(
      Platform platform, long ticket, @Nullable Outcome outcome, @Nullable Throwable failure)
      implements Command {}

  private record Overdue(Platform platform) implements Command {}

  /**
   * The actor of a node, which closes the providers when it stops.
   *
   * @param limits hold for each provider by itself
   */
  public static Behavior<Command> create(Providers providers, Limits limits, Telemetry telemetry) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers ->
                    new Sender(context, timers, providers, limits, new PushMeters(telemetry))));
  }

  private static final class Sender extends AbstractBehavior<Command> {
    private final TimerScheduler<Command> timers;
    private final Providers providers;
    private final PushMeters meters;
    private final Map<Platform, Lane> lanes = new EnumMap<>(Platform.class);

    Sender(
        ActorContext<Command> context,
        TimerScheduler<Command> timers,
        Providers providers,
        Limits limits,
        PushMeters meters) {
      super(context);
      context.setLoggerName(Push.class);
      this.timers = timers;
      this.providers = providers;
      this.meters = meters;
      for (Platform platform : Platform.values()) {
        Gateway gateway = providers.gateway(platform);
        if (gateway != null) {
          lanes.put(platform, new Lane(limits, gateway.atOnce(), exit(platform, gateway)));
        }
      }
    }

    @Override
    public Receive<Command> createReceive() {
      return newReceiveBuilder()
          .onMessage(Command.class, this::on)
          .onSignal(PostStop.class, signal -> stop())
          .build();
    }

    private Behavior<Command> on(Command command) {
      switch (command) {
        case Send send -> send(send);
        case Answered answered -> answered(answered);
        case Overdue overdue -> overdue(overdue.platform());
      }
      return this;
    }

    private void send(Send send) {
      Platform platform = send.notification().platform();
      Lane lane = lanes.get(platform);
      if (lane == null) {
        tell(platform, send, new Outcome.Refused(Reasons.NOT_CONFIGURED), 0);
        return;
      }
      lane.offer(send, System.nanoTime());
      settled(platform, lane);
    }

    private void answered(Answered answered) {
      Platform platform = answered.platform();
      Lane lane = lanes.get(platform);
      if (lane == null) {
        return;
      }
      Outcome outcome = answered.outcome();
      if (outcome == null) {
        // By its class only: what a client writes into a message may hold a token.
        Throwable failure = answered.failure();
        getContext().getLog().warn("The client of {} has failed: {}", platform, classes(failure));
        outcome = new Outcome.Retry(null, Reasons.FAILED);
      }
      long now = System.nanoTime();
      if (lane.answered(answered.ticket(), outcome, now)) {
        getContext()
            .getLog()
            .warn(
                "{} cannot be reached; the next attempt is in {} ms",
                platform,
                lane.pauseLeft(now).toMillis());
      }
      settled(platform, lane);
    }

    private static String classes(@Nullable Throwable failure) {
      StringJoiner classes = new StringJoiner(" by ");
      Throwable cause = failure;
      for (int depth = 0; cause != null && depth < 5; depth++, cause = cause.getCause()) {
        classes.add(cause.getClass().getName());
      }
      return classes.toString();
    }

    private void overdue(Platform platform) {
      Lane lane = lanes.get(platform);
      if (lane != null) {
        lane.expire(System.nanoTime());
        settled(platform, lane);
      }
    }

    /** After each change of a lane. */
    private void settled(Platform platform, Lane lane) {
      meters.level(platform, lane.inFlight(), lane.queued());
      OptionalLong deadline = lane.deadline();
      if (deadline.isPresent() && !timers.isTimerActive(platform)) {
        long left = Math.max(0, deadline.getAsLong() - System.nanoTime());
        timers.startSingleTimer(platform, new Overdue(platform), Duration.ofNanos(left));
      }
    }

    private Lane.Exit exit(Platform platform, Gateway gateway) {
      return new Lane.Exit() {
        @Override
        public void send(long ticket, Notification notification) {
          CompletionStage<Outcome> stage;
          try {
            stage = gateway.send(notification);
          } catch (RuntimeException e) {
            getContext().getSelf().tell(new Answered(platform, ticket, null, e));
            return;
          }
          getContext()
              .pipeToSelf(
                  stage, (outcome, failure) -> new Answered(platform, ticket, outcome, failure));
        }

        @Override
        public void answer(Send send, Outcome outcome, long nanos) {
          tell(platform, send, outcome, nanos);
        }
      };
    }

    private void tell(Platform platform, Send send, Outcome outcome, long nanos) {
      meters.outcome(platform, outcome, nanos);
      if (outcome instanceof Outcome.Refused refused) {
        getContext()
            .getLog()
            .debug(
                "{} refuses a notification of {}: {}",
                platform,
                send.notification().conversationId(),
                refused.reason());
      }
      send.replyTo().tell(new Sent(send.reference(), outcome));
    }

    private Behavior<Command> stop() {
      long now = System.nanoTime();
      lanes.values().forEach(lane -> lane.stop(now));
      providers.close();
      return this;
    }
  }
}
