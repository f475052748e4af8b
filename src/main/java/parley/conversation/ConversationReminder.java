package parley.conversation;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Duration;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.sharding.typed.ClusterShardingSettings;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.serial.Local;
import parley.serial.Wire;

/**
 * Restarts a conversation that may have undelivered entries, whatever node crashes. A reminder is
 * an entity without state, under the id of its conversation. Sharding remembers it, so its
 * existence alone is durable. It watches the conversation that asked for it, and wakes the
 * conversation if that stops without releasing the reminder.
 *
 * <pre>
 *   Conversation --Keep--&gt; Reminder        (before its first write; sharding has it in the journal)
 *   Conversation &lt;--Kept-- Reminder        (now the conversation may write)
 *   Conversation &lt;--Wake-- Reminder        (if it watches nobody: after a second, then every half
 *                                           minute; answered with Keep, Release or NotThere)
 *   Conversation --Release--&gt; Reminder     (all members have everything: the reminder is forgotten)
 *   Conversation --NotThere--&gt; Reminder    (no conversation was found: forgotten after some of these)
 *   Adoption --Adopt--&gt; Reminder           (once, for those that a version without reminders left)
 * </pre>
 *
 * <p>Sharding does not remember the conversations themselves. It would write for each conversation
 * that is only read, and for each invented id.
 */
public final class ConversationReminder {
  /** The sharding key of reminders. */
  public static final EntityTypeKey<Command> KEY =
      EntityTypeKey.create(Command.class, "conversation-reminder");

  /** The pause before a conversation that has stopped, or is not watched yet, is woken. */
  static final Duration FIRST_WAKE_DELAY = Duration.ofSeconds(1);

  /** The pause between later wakes. */
  static final Duration WAKE_INTERVAL = Duration.ofSeconds(30);

  /**
   * After so many wakes in a row that found no conversation the reminder ends: {@link
   * #FIRST_WAKE_DELAY} and three times {@link #WAKE_INTERVAL}, 91 s, after it was last kept. This
   * is long enough: a node that was paused for more than 9 s confirms no write any more, and a
   * write ends after 80 s (at most eleven requests of 7 s each). So a write that becomes durable
   * later was confirmed to nobody, and its sender tries again.
   */
  static final int MAX_FRUITLESS_WAKES = 4;

  /** A command to a reminder. */
  public sealed interface Command extends Wire permits Keep, Release, NotThere, Adopt, Tick, Stop {}

  /**
   * Watches the conversation, and wakes it when it stops. Answers {@link Conversation.Kept} with
   * the same number. A reminder that is being passivated does not answer: the conversation asks
   * again.
   */
  public record Keep(
      @JsonProperty("n") long nr, @JsonProperty("c") ActorRef<Conversation.Command> conversation)
      implements Command {}

  /**
   * Ends the reminder: all members have everything, according to this incarnation of the
   * conversation. The message may arrive late, after the next incarnation has asked for the
   * reminder. So it is ignored if the reminder watches another incarnation.
   */
  public record Release(@JsonProperty("c") ActorRef<Conversation.Command> conversation)
      implements Command {}

  /**
   * The conversation does not exist, according to an incarnation that was woken, found nothing in
   * the journal and wrote nothing. Its first write may still be on its way from another node or
   * from an earlier incarnation. So the reminder wakes the conversation again, and ends after
   * {@value #MAX_FRUITLESS_WAKES} such answers.
   */
  public record NotThere() implements Command {}

  /**
   * Creates the reminder of a conversation that may have undelivered entries, and that has not
   * asked for one. The conversation is woken soon. Answers {@link Adopted}. A reminder that is
   * being passivated does not answer: the sender asks again.
   */
  record Adopt(@JsonProperty("r") ActorRef<Adopted> replyTo) implements Command {}

  /** The reminder of that conversation is durable. */
  record Adopted(@JsonProperty("c") ConversationId id) implements Wire {}

  /** The time for the next wake has come. */
  record Tick() implements Command, Local {}

  /** The stop message of sharding. */
  record Stop() implements Command, Local {}

  /** Sends commands to reminders. */
  @FunctionalInterface
  public interface Sender {
    /** Sends a command to the reminder of that conversation. Delivery is at most once. */
    void tell(ConversationId of, Command message);

    /** Whether a conversation may write only after its reminder is durable. */
    default boolean mustBeKept() {
      return true;
    }

    /**
     * There are no reminders. A conversation writes at once, and after a crash it starts again only
     * with its next command.
     */
    Sender NONE =
        new Sender() {
          @Override
          public void tell(ConversationId of, Command message) {}

          @Override
          public boolean mustBeKept() {
            return false;
          }
        };
  }

  private final ConversationId id;
  private final Runnable wake;
  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final ActorRef<ClusterSharding.ShardCommand> shard;
  private @Nullable ActorRef<Conversation.Command> watched;
  private int fruitlessWakes;
  private boolean awaitingAnswer;
  private boolean leaving;

  private ConversationReminder(
      ConversationId id,
      Runnable wake,
      ActorContext<Command> context,
      ActorRef<ClusterSharding.ShardCommand> shard,
      TimerScheduler<Command> timers) {
    this.id = id;
    this.wake = wake;
    this.context = context;
    this.timers = timers;
    this.shard = shard;
    wakeAfter(FIRST_WAKE_DELAY);
  }

  /**
   * Registers reminders with cluster sharding.
   *
   * @param conversations wakes the conversation of that id
   */
  static ActorRef<ShardingEnvelope<Command>> init(
      ActorSystem<?> system, Consumer<ConversationId> conversations) {
    ClusterShardingSettings remembering =
        ClusterShardingSettings.create(system).withRememberEntities(true);
    return ClusterSharding.get(system)
        .init(
            Entity.of(
                    KEY,
                    entity -> {
                      ConversationId id = new ConversationId(entity.getEntityId());
                      return create(id, () -> conversations.accept(id), entity.getShard());
                    })
                .withSettings(remembering)
                .withStopMessage(new Stop()));
  }

  static Behavior<Command> create(
      ConversationId id, Runnable wake, ActorRef<ClusterSharding.ShardCommand> shard) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  ConversationReminder one =
                      new ConversationReminder(id, wake, context, shard, timers);
                  return Behaviors.receive(Command.class)
                      .onMessage(Command.class, one::handle)
                      .onSignal(Terminated.class, one::watchedStopped)
                      .build();
                }));
  }

  private void wakeAfter(Duration pause) {
    timers.startSingleTimer(new Tick(), pause);
  }

  private Behavior<Command> watchedStopped(Terminated signal) {
    ActorRef<Conversation.Command> mine = watched;
    if (mine != null && signal.getRef().path().equals(mine.path()) && !leaving) {
      watched = null;
      wakeAfter(FIRST_WAKE_DELAY);
    }
    return Behaviors.same();
  }

  private Behavior<Command> handle(Command command) {
    switch (command) {
      case Keep keep -> {
        // A reminder that is being passivated may be forgotten, so it must not promise anything.
        if (!leaving) {
          watch(keep.conversation());
          keep.conversation().tell(new Conversation.Kept(keep.nr()));
        }
      }
      case Release release -> {
        if (watched == null || release.conversation().equals(watched)) {
          leave();
        }
      }
      case NotThere nothing -> {
        // At most one answer counts for each wake.
        if (!leaving && watched == null && awaitingAnswer) {
          awaitingAnswer = false;
          fruitlessWakes++;
          if (fruitlessWakes >= MAX_FRUITLESS_WAKES) {
            leave();
          }
        }
      }
      case Adopt adopt -> {
        // Sharding has stored this entity before the command arrives. If a conversation is watched,
        // it need not be woken.
        if (!leaving) {
          adopt.replyTo().tell(new Adopted(id));
        }
      }
      case Tick tick -> {
        if (!leaving && watched == null) {
          awaitingAnswer = true;
          wake.run();
          wakeAfter(WAKE_INTERVAL);
        }
      }
      case Stop stop -> {
        return Behaviors.stopped();
      }
    }
    return Behaviors.same();
  }

  private void leave() {
    leaving = true;
    timers.cancelAll();
    shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
  }

  private void watch(ActorRef<Conversation.Command> conversation) {
    awaitingAnswer = false;
    fruitlessWakes = 0;
    ActorRef<Conversation.Command> before = watched;
    if (conversation.equals(before)) {
      return;
    }
    if (before != null) {
      context.unwatch(before);
    }
    watched = conversation;
    context.watch(conversation);
    timers.cancelAll();
  }
}
