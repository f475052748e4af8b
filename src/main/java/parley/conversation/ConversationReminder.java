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
 * Sees to it that a conversation that may have something untold comes back to memory, whatever node
 * dies: an entity under the conversation's id without any state, which sharding remembers, so that
 * its mere existence is durable. It watches the conversation that asked for it, and wakes the
 * conversation when that has ended without letting it go.
 *
 * <pre>
 *   Conversation --Keep--&gt; Reminder        (before its first write; sharding has it in the journal)
 *   Conversation &lt;--Kept-- Reminder        (now the conversation may write)
 *   Conversation &lt;--Wake-- Reminder        (when nobody is watched: after a second, then every half
 *                                           minute; answered with Keep, Release or NotThere)
 *   Conversation --Release--&gt; Reminder     (everybody has heard of everything: it is forgotten)
 *   Conversation --NotThere--&gt; Reminder    (nothing was found: after some of these it is forgotten)
 *   Adoption --Adopt--&gt; Reminder           (once, for those that a version without reminders left)
 * </pre>
 *
 * <p>Conversations themselves are not remembered: sharding would write for each that is merely
 * looked at, and for each id that somebody makes up.
 */
public final class ConversationReminder {
  /** Where reminders live. */
  public static final EntityTypeKey<Command> KEY =
      EntityTypeKey.create(Command.class, "conversation-reminder");

  /** After this a conversation that has ended, or is not known, is woken. */
  static final Duration FIRST = Duration.ofSeconds(1);

  /** How often it is woken after that. */
  static final Duration EVERY = Duration.ofSeconds(30);

  /**
   * After so many wakes in a row that found no conversation the reminder goes: that is {@link
   * #FIRST} and three times {@link #EVERY}, 91 s, after it was last kept. A node that stood still
   * answers nobody with a success after 9 s, and a write ends after 80 s (a request of 7 s, eleven
   * times at most): whatever comes later was accepted by nobody, and who sent it asks again.
   */
  static final int FRUITLESS = 4;

  /** What can be told to a reminder. */
  public sealed interface Command extends Wire permits Keep, Release, NotThere, Adopt, Tick, Stop {}

  /**
   * Wake that conversation when it ends. Answers {@link Conversation.Kept} with the same number;
   * not at all while it is leaving: ask again.
   */
  public record Keep(
      @JsonProperty("n") long nr, @JsonProperty("c") ActorRef<Conversation.Command> conversation)
      implements Command {}

  /**
   * Nothing is untold, says that life of the conversation. It may be late and come when the next
   * life has asked: what another life asked for stays.
   */
  public record Release(@JsonProperty("c") ActorRef<Conversation.Command> conversation)
      implements Command {}

  /**
   * There is no such conversation, says a life of it that was woken, found nothing in the journal
   * and took no place there. Its first write may be on its way from another node, or from a life
   * before: so it is woken again, {@value #FRUITLESS} times in all.
   */
  public record NotThere() implements Command {}

  /**
   * Be there, for a conversation that may have something untold and does not know it: it is woken
   * soon. Answers {@link Adopted}; not at all while it is leaving: ask again.
   */
  record Adopt(@JsonProperty("r") ActorRef<Adopted> replyTo) implements Command {}

  /** The reminder of that conversation is there, durably. */
  record Adopted(@JsonProperty("c") ConversationId id) implements Wire {}

  /** It is time. */
  record Tick() implements Command, Local {}

  /** Leave memory. */
  record Stop() implements Command, Local {}

  /** The way to reminders. */
  @FunctionalInterface
  public interface Port {
    /** Tells the reminder of that conversation something, at most once. */
    void tell(ConversationId of, Command message);
  }

  private final ConversationId id;
  private final Runnable wake;
  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final ActorRef<ClusterSharding.ShardCommand> shard;
  private @Nullable ActorRef<Conversation.Command> watched;
  private int fruitless;
  private boolean woken;
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
    wakeAfter(FIRST);
  }

  /**
   * Registers reminders with the cluster.
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
                      .onSignal(Terminated.class, one::ended)
                      .build();
                }));
  }

  private void wakeAfter(Duration pause) {
    timers.startSingleTimer(new Tick(), pause);
  }

  private Behavior<Command> ended(Terminated signal) {
    ActorRef<Conversation.Command> mine = watched;
    if (mine != null && signal.getRef().path().equals(mine.path()) && !leaving) {
      watched = null;
      wakeAfter(FIRST);
    }
    return Behaviors.same();
  }

  private Behavior<Command> handle(Command command) {
    switch (command) {
      case Keep keep -> {
        // What comes while it leaves may be forgotten with it.
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
        // One answer for each wake.
        if (!leaving && watched == null && woken) {
          woken = false;
          fruitless++;
          if (fruitless >= FRUITLESS) {
            leave();
          }
        }
      }
      case Adopt adopt -> {
        // Sharding had it in the journal before this came. One that is watched needs no waking.
        if (!leaving) {
          adopt.replyTo().tell(new Adopted(id));
        }
      }
      case Tick tick -> {
        if (!leaving && watched == null) {
          woken = true;
          wake.run();
          wakeAfter(EVERY);
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
    woken = false;
    fruitless = 0;
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
