package parley.user;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Duration;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.sharding.typed.ClusterShardingSettings;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import parley.model.UserId;
import parley.serial.Local;
import parley.serial.Wire;

/**
 * Starts a user with pending pushes again after any node has died. A reminder is an entity without
 * state under the user's id. Sharding remembers it, so its existence alone is durable. It wakes its
 * user at intervals until the user has no pending push.
 *
 * <p>Sharding does not remember users themselves: most of them have no pending push, and each hello
 * would cost a write. A reminder costs one write when a push has been pending for a second, and one
 * when no push is pending any more. A push that is delivered at once costs none. Until the reminder
 * exists, the conversations get no acknowledgement, and sharding remembers them: after a crash in
 * that second they deliver to the user again, and so start it. After a crash a push may be late by
 * {@link #WAKE_INTERVAL} and by the time that the cluster needs to agree on the crash.
 *
 * <pre>
 *   User --Keep--&gt; Reminder        (after a second; by then sharding has it in the journal)
 *   User &lt;--Reminded-- Reminder    (now the conversation may have its acknowledgement)
 *   User &lt;--Woken-- Reminder       (after ten seconds, then every half minute)
 *   User --Release--&gt; Reminder     (no push is pending: it leaves, and is forgotten)
 * </pre>
 */
public final class UserReminder {
  /** The sharding key of reminders. */
  public static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, "reminder");

  /** How often a user is woken. */
  static final Duration WAKE_INTERVAL = Duration.ofSeconds(30);

  private static final Duration FIRST_WAKE_AFTER = Duration.ofSeconds(10);

  /** All messages that a reminder receives. */
  public sealed interface Command extends Wire permits Keep, Release, Tick, Stop {}

  /**
   * Wake this user from now on. The answer is {@link UserPush.Reminded} with the same number. A
   * reminder that is being passivated does not answer: ask again.
   */
  public record Keep(@JsonProperty("n") long nr, @JsonProperty("u") ActorRef<User.Command> user)
      implements Command {}

  /** The user has no pending push. */
  public record Release() implements Command {}

  /** Timer: wake the user. */
  record Tick() implements Command, Local {}

  /** Stop, as part of passivation. */
  record Stop() implements Command, Local {}

  private final Runnable wake;
  private final ActorContext<Command> context;
  private final ActorRef<ClusterSharding.ShardCommand> shard;
  private boolean passivating;

  private UserReminder(
      Runnable wake,
      ActorContext<Command> context,
      ActorRef<ClusterSharding.ShardCommand> shard,
      TimerScheduler<Command> timers) {
    this.wake = wake;
    this.context = context;
    this.shard = shard;
    timers.startTimerWithFixedDelay(new Tick(), FIRST_WAKE_AFTER, WAKE_INTERVAL);
  }

  /**
   * Registers reminders with cluster sharding.
   *
   * @param users wakes the user with the given id
   */
  public static ActorRef<ShardingEnvelope<Command>> init(
      ActorSystem<?> system, Consumer<UserId> users) {
    ClusterShardingSettings remembering =
        ClusterShardingSettings.create(system).withRememberEntities(true);
    return ClusterSharding.get(system)
        .init(
            Entity.of(
                    KEY,
                    entity -> {
                      UserId user = new UserId(entity.getEntityId());
                      return create(() -> users.accept(user), entity.getShard());
                    })
                .withSettings(remembering)
                .withStopMessage(new Stop()));
  }

  static Behavior<Command> create(Runnable wake, ActorRef<ClusterSharding.ShardCommand> shard) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  UserReminder userReminder = new UserReminder(wake, context, shard, timers);
                  return Behaviors.receiveMessage(userReminder::handle);
                }));
  }

  private Behavior<Command> handle(Command command) {
    switch (command) {
      case Keep keep -> {
        // A request that arrives during passivation may be lost with this entity.
        if (!passivating) {
          keep.user().tell(new UserPush.Reminded(keep.nr()));
        }
      }
      case Release release -> {
        passivating = true;
        shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
      }
      case Tick tick -> {
        if (!passivating) {
          wake.run();
        }
      }
      case Stop stop -> {
        return Behaviors.stopped();
      }
    }
    return Behaviors.same();
  }
}
