package parley.user;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import parley.model.UserId;
import parley.push.DeadLetter;
import parley.push.DeadLetters;
import parley.push.Platform;
import parley.push.PushService;

/**
 * The services that a user needs for push notifications.
 *
 * @param platforms the platforms with a configured provider; devices of others get no push
 * @param sender sends to this node's push actor
 * @param letters stores pushes that have failed for good
 * @param reminders sends to the entities that wake users with pending pushes
 * @param tokens sends to the owner records of push tokens
 */
public record PushDependencies(
    Set<Platform> platforms,
    Sender sender,
    Letters letters,
    Reminders reminders,
    PushTokens.Claims tokens,
    PushSettings settings,
    PushOutboxMeters meters) {

  /** Without a provider: no push is planned, and pending ones are dropped. */
  public static PushDependencies off() {
    return new PushDependencies(
        Set.of(),
        send -> {},
        (letter, reference, replyTo) -> {},
        (user, command) -> {},
        PushTokens.Claims.OFF,
        new PushSettings(
            Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO, () -> 0),
        new PushOutboxMeters(new SimpleMeterRegistry()));
  }

  /** Sends to this node's push actor. */
  @FunctionalInterface
  public interface Sender {
    /** Hands a notification over. The answer may take long, or may be lost with the actor. */
    void send(PushService.Send send);
  }

  /** Sends to the store of dead letters. */
  @FunctionalInterface
  public interface Letters {
    /**
     * Asks the store to keep a dead letter. Without an answer the letter may not have been kept.
     */
    void keep(DeadLetter letter, long reference, ActorRef<DeadLetters.Kept> replyTo);
  }

  /** Sends to reminders. */
  @FunctionalInterface
  public interface Reminders {
    /** Sends a message to the user's reminder, at most once. */
    void tell(UserId user, UserReminder.Command command);
  }
}
