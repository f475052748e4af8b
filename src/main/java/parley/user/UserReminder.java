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
 * Sees to it that a user who owes pushes comes back to memory, whatever node dies: an entity under
 * the user's id without any state, which sharding remembers, so that its mere existence is durable.
 * It wakes its user now and then until that says it owes nothing.
 *
 * <p>Users themselves are not remembered: most of them owe nothing, and each hello of each would
 * cost a write. A reminder costs one where a user goes on owing something for a second, and one
 * when it no longer does: the push that is delivered at once costs none. Until the reminder is
 * there the conversations wait for their acknowledgement, and they are remembered: after a crash in
 * that second they tell the user again, and so wake it. After a crash a push may be late by {@link
 * #EVERY}, and by what the cluster needs to agree on the crash.
 *
 * <pre>
 *   User --Keep--&gt; Reminder        (after a second; by then sharding has it in the journal)
 *   User &lt;--Reminded-- Reminder    (now the conversation may have its acknowledgement)
 *   User &lt;--Woken-- Reminder       (after ten seconds, then every half minute)
 *   User --Release--&gt; Reminder     (nothing is owed: it leaves, and is forgotten)
 * </pre>
 */
public final class UserReminder {
  /** Where reminders live. */
  public static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, "reminder");

  /** How often a user is woken. */
  static final Duration EVERY = Duration.ofSeconds(30);

  private static final Duration FIRST = Duration.ofSeconds(10);

  /** What can be told to a reminder. */
  public sealed interface Command extends Wire permits Keep, Release, Tick, Stop {}

  /**
   * Wake that user from now on. Answers {@link UserPush.Reminded} with the same number; not at all
   * while it is leaving: ask again.
   */
  public record Keep(@JsonProperty("n") long nr, @JsonProperty("u") ActorRef<User.Command> user)
      implements Command {}

  /** The user owes nothing. */
  public record Release() implements Command {}

  /** It is time. */
  record Tick() implements Command, Local {}

  /** Leave memory. */
  record Stop() implements Command, Local {}

  private final Runnable wake;
  private final ActorContext<Command> context;
  private final ActorRef<ClusterSharding.ShardCommand> shard;
  private boolean leaving;

  private UserReminder(
      Runnable wake,
      ActorContext<Command> context,
      ActorRef<ClusterSharding.ShardCommand> shard,
      TimerScheduler<Command> timers) {
    this.wake = wake;
    this.context = context;
    this.shard = shard;
    timers.startTimerWithFixedDelay(new Tick(), FIRST, EVERY);
  }

  /**
   * Registers reminders with the cluster.
   *
   * @param users wakes the user of that id
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
        // What comes while it leaves may be forgotten with it.
        if (!leaving) {
          keep.user().tell(new UserPush.Reminded(keep.nr()));
        }
      }
      case Release release -> {
        leaving = true;
        shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
      }
      case Tick tick -> {
        if (!leaving) {
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
