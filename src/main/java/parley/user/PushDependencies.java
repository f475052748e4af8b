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
 * What a user needs to push.
 *
 * @param platforms those with a provider: devices of others are not pushed to
 * @param sender the way to this node's push actor
 * @param letters where pushes go that failed for good
 * @param reminders the way to the entities that wake users who owe pushes
 * @param tokens the way to whose push tokens are
 */
public record PushDependencies(
    Set<Platform> platforms,
    Sender sender,
    Letters letters,
    Reminders reminders,
    PushTokens.Claims tokens,
    PushSettings settings,
    PushOutboxMeters meters) {

  /** No provider: nobody is owed anything, and what was is forgotten. */
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

  /** The way to this node's push actor. */
  @FunctionalInterface
  public interface Sender {
    /** Hands a notification over; the answer may take long, or be lost with the actor. */
    void send(PushService.Send send);
  }

  /** The way to the dead letters. */
  @FunctionalInterface
  public interface Letters {
    /** Tells of one; not answered is not kept. */
    void keep(DeadLetter letter, long reference, ActorRef<DeadLetters.Kept> replyTo);
  }

  /** The way to reminders. */
  @FunctionalInterface
  public interface Reminders {
    /** Tells a user's reminder something, at most once. */
    void tell(UserId user, UserReminder.Command command);
  }
}
