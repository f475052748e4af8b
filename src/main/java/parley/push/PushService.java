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
 * Node-local actor that sends push notifications through the configured providers. It answers each
 * {@link Send} exactly once, whatever the provider does. It never blocks, and its messages never
 * leave the node. Each provider has its own {@link ProviderQueue}, so a slow provider fills only
 * its own queue.
 *
 * <p>The actor passes on the outcomes of the providers. It also answers {@link PushOutcome.Retry}
 * with reasons of its own: {@code busy} if too many notifications wait, {@code timeout} if the
 * provider has not answered in time (a later answer is ignored), {@code unreachable} with the
 * remaining pause while the provider cannot be reached, {@code failed} if the provider's client
 * threw an exception, and {@code stopping} when the actor stops.
 */
public final class PushService {
  private PushService() {}

  /** Messages of {@link PushService}. */
  public sealed interface Command {}

  /**
   * Request to send one notification. A platform without a provider is answered {@link
   * PushOutcome.Refused} {@code not_configured}; check {@link PushProviders#has} first.
   *
   * @param reference chosen by the sender; {@link Sent} repeats it, so that the sender can match
   *     the answer
   */
  public record Send(Notification notification, long reference, ActorRef<Sent> replyTo)
      implements Command {}

  /** The only answer to a {@link Send}. */
  public record Sent(long reference, PushOutcome outcome) {}

  /** Answers a push without asking its provider: push is switched off, and it waits. */
  public static void switchedOff(Send send) {
    send.replyTo()
        .tell(new Sent(send.reference(), new PushOutcome.Retry(null, FailureReasons.SWITCHED_OFF)));
  }

  private record ClientCompleted(
      Platform platform, long ticket, @Nullable PushOutcome outcome, @Nullable Throwable failure)
      implements Command {}

  private record DeadlineReached(Platform platform) implements Command {}

  /**
   * Creates the push actor of a node. It closes the providers when it stops.
   *
   * @param pushLimits bounds that apply to each provider separately
   */
  public static Behavior<Command> create(
      PushProviders pushProviders, PushLimits pushLimits, Telemetry telemetry) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers ->
                    new Sender(
                        context, timers, pushProviders, pushLimits, new PushMeters(telemetry))));
  }

  private static final class Sender extends AbstractBehavior<Command> {
    private final TimerScheduler<Command> timers;
    private final PushProviders pushProviders;
    private final PushMeters meters;
    private final Map<Platform, ProviderQueue> queues = new EnumMap<>(Platform.class);

    Sender(
        ActorContext<Command> context,
        TimerScheduler<Command> timers,
        PushProviders pushProviders,
        PushLimits pushLimits,
        PushMeters meters) {
      super(context);
      context.setLoggerName(PushService.class);
      this.timers = timers;
      this.pushProviders = pushProviders;
      this.meters = meters;
      for (Platform platform : Platform.values()) {
        PushGateway pushGateway = pushProviders.gateway(platform);
        if (pushGateway != null) {
          queues.put(
              platform,
              new ProviderQueue(
                  pushLimits, pushGateway.maxInFlight(), callbacks(platform, pushGateway)));
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
        case ClientCompleted clientCompleted -> onClientCompleted(clientCompleted);
        case DeadlineReached deadlineReached -> onDeadlineReached(deadlineReached.platform());
      }
      return this;
    }

    private void send(Send send) {
      Platform platform = send.notification().platform();
      ProviderQueue providerQueue = queues.get(platform);
      if (providerQueue == null) {
        reply(platform, send, new PushOutcome.Refused(FailureReasons.NOT_CONFIGURED), 0);
        return;
      }
      providerQueue.offer(send, System.nanoTime());
      updateGaugesAndTimer(platform, providerQueue);
    }

    private void onClientCompleted(ClientCompleted clientCompleted) {
      Platform platform = clientCompleted.platform();
      ProviderQueue providerQueue = queues.get(platform);
      if (providerQueue == null) {
        return;
      }
      PushOutcome pushOutcome = clientCompleted.outcome();
      if (pushOutcome == null) {
        // Logs class names only: the message of a client's exception may contain a token.
        Throwable failure = clientCompleted.failure();
        getContext()
            .getLog()
            .warn("The push client of {} failed: {}", platform, exceptionClasses(failure));
        pushOutcome = new PushOutcome.Retry(null, FailureReasons.FAILED);
      }
      long now = System.nanoTime();
      if (providerQueue.clientCompleted(clientCompleted.ticket(), pushOutcome, now)) {
        getContext()
            .getLog()
            .warn(
                "{} is unreachable; the next attempt is in {} ms",
                platform,
                providerQueue.remainingPause(now).toMillis());
      }
      updateGaugesAndTimer(platform, providerQueue);
    }

    private static String exceptionClasses(@Nullable Throwable failure) {
      StringJoiner classes = new StringJoiner(" caused by ");
      Throwable cause = failure;
      for (int depth = 0; cause != null && depth < 5; depth++, cause = cause.getCause()) {
        classes.add(cause.getClass().getName());
      }
      return classes.toString();
    }

    private void onDeadlineReached(Platform platform) {
      ProviderQueue providerQueue = queues.get(platform);
      if (providerQueue != null) {
        providerQueue.expire(System.nanoTime());
        updateGaugesAndTimer(platform, providerQueue);
      }
    }

    /**
     * Updates the gauges and starts the timer for the next deadline. Called after each change of a
     * queue.
     */
    private void updateGaugesAndTimer(Platform platform, ProviderQueue providerQueue) {
      meters.level(platform, providerQueue.inFlight(), providerQueue.queued());
      OptionalLong deadline = providerQueue.deadline();
      if (deadline.isPresent() && !timers.isTimerActive(platform)) {
        long left = Math.max(0, deadline.getAsLong() - System.nanoTime());
        timers.startSingleTimer(platform, new DeadlineReached(platform), Duration.ofNanos(left));
      }
    }

    private ProviderQueue.Callbacks callbacks(Platform platform, PushGateway pushGateway) {
      return new ProviderQueue.Callbacks() {
        @Override
        public void send(long ticket, Notification notification) {
          CompletionStage<PushOutcome> stage;
          try {
            stage = pushGateway.send(notification);
          } catch (RuntimeException e) {
            getContext().getSelf().tell(new ClientCompleted(platform, ticket, null, e));
            return;
          }
          getContext()
              .pipeToSelf(
                  stage,
                  (pushOutcome, failure) ->
                      new ClientCompleted(platform, ticket, pushOutcome, failure));
        }

        @Override
        public void answer(Send send, PushOutcome pushOutcome, long nanos) {
          reply(platform, send, pushOutcome, nanos);
        }
      };
    }

    private void reply(Platform platform, Send send, PushOutcome pushOutcome, long nanos) {
      meters.outcome(platform, pushOutcome, nanos);
      if (pushOutcome instanceof PushOutcome.Refused refused) {
        getContext()
            .getLog()
            .debug(
                "{} refused a notification about conversation {}: {}",
                platform,
                send.notification().conversationId(),
                refused.reason());
      }
      send.replyTo().tell(new Sent(send.reference(), pushOutcome));
    }

    private Behavior<Command> stop() {
      long now = System.nanoTime();
      queues.values().forEach(providerQueue -> providerQueue.stop(now));
      pushProviders.close();
      return this;
    }
  }
}
