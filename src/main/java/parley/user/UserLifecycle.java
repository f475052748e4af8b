package parley.user;

import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EffectBuilder;
import org.apache.pekko.persistence.typed.javadsl.EffectFactories;

/** When the changes of a user are written, and when the user leaves memory. */
final class UserLifecycle {
  private final UserLive live;
  private final EffectFactories<UserEvent, UserState> effects;
  private final ActorRef<ClusterSharding.ShardCommand> shard;

  UserLifecycle(
      UserLive live,
      EffectFactories<UserEvent, UserState> effects,
      ActorRef<ClusterSharding.ShardCommand> shard) {
    this.live = live;
    this.effects = effects;
    this.shard = shard;
  }

  EffectBuilder<UserEvent, UserState> flush(UserState state) {
    live.activity.refreshLastSeen(state, live.now());
    live.pushSender.sweep(state, live.now());
    if (live.isClean()) {
      return effects.none();
    }
    UserEvent.Flushed event = live.nextEvent(state, live.now());
    return effects.persist(event).thenRun(after -> live.settle(after, event, live.now()));
  }

  Effect<UserEvent, UserState> idle(UserState state) {
    if (live.canPassivate(state, live.now())) {
      if (live.pushSender.hasReminder()) {
        live.pushSender.release(state);
      }
      passivate();
    }
    return effects.none();
  }

  /**
   * Asks the shard for passivation. The shard answers with {@code Stop}, and buffers later messages
   * for the next incarnation.
   */
  void passivate() {
    shard.tell(new ClusterSharding.Passivate<>(live.self));
  }

  /**
   * Flushes before it stops. Commands that are in the mailbox by then are handled before {@code
   * Stop} is tried again.
   */
  Effect<UserEvent, UserState> stop(UserState state) {
    live.staleRows.refuseAll();
    if (live.isClean()) {
      return effects.stop();
    }
    UserEvent.Flushed event = live.nextEvent(state, live.now());
    return effects
        .persist(event)
        .thenRun(
            after -> {
              live.settle(after, event, live.now());
              live.self.tell(new UserInternal.Stop());
            });
  }
}
