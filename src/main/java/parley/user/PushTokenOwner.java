package parley.user;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import parley.model.UserId;

/**
 * Decides who owns one push token; see {@link PushTokens}. At most {@value #FORMER} former owners
 * are waiting to be told, and at most {@value #MAX_WAITING} claims wait. Beyond that the answer is
 * {@link PushTokens.AskAgain}.
 */
final class PushTokenOwner
    extends EventSourcedBehavior<PushTokens.Command, PushTokenOwnership, PushTokenOwnership> {
  static final int FORMER = 8;
  static final int MAX_WAITING = 16;
  private static final Duration IDLE = Duration.ofSeconds(30);

  private final ActorContext<PushTokens.Command> context;
  private final ActorRef<ClusterSharding.ShardCommand> shard;
  private final String hash;
  private final PushTokens.Former former;
  private final Set<UserId> losesInFlight = new HashSet<>();
  private final List<PushTokens.Claim> waiting = new ArrayList<>();

  private PushTokenOwner(
      ActorContext<PushTokens.Command> context,
      String hash,
      ActorRef<ClusterSharding.ShardCommand> shard,
      PushTokens.Former former) {
    super(PersistenceId.ofUniqueId("push-token|" + hash));
    this.context = context;
    this.hash = hash;
    this.shard = shard;
    this.former = former;
  }

  static Behavior<PushTokens.Command> create(
      String hash, ActorRef<ClusterSharding.ShardCommand> shard, PushTokens.Former former) {
    return Behaviors.setup(
        context -> {
          context.setReceiveTimeout(IDLE, new PushTokens.Idle());
          return new PushTokenOwner(context, hash, shard, former);
        });
  }

  @Override
  public PushTokenOwnership emptyState() {
    return PushTokenOwnership.NOBODY;
  }

  @Override
  public EventHandler<PushTokenOwnership, PushTokenOwnership> eventHandler() {
    return (state, event) -> event;
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return RetentionCriteria.snapshotEvery(50, 2).withDeleteEventsOnSnapshot();
  }

  @Override
  public CommandHandler<PushTokens.Command, PushTokenOwnership, PushTokenOwnership>
      commandHandler() {
    return (state, command) ->
        switch (command) {
          case PushTokens.Claim c -> claim(state, c);
          case PushTokens.Release c -> release(state, c);
          case PushTokens.OwnerNotified c -> told(state, c);
          case PushTokens.Idle c -> {
            shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
            yield Effect().none();
          }
          case PushTokens.Stop c -> Effect().stop();
        };
  }

  private Effect<PushTokenOwnership, PushTokenOwnership> claim(
      PushTokenOwnership state, PushTokens.Claim c) {
    boolean its = c.user().equals(state.owner());
    // While former owners are still to be told, no claim with this number was answered, so nobody
    // can release it.
    if (its && (c.held() == state.nr() || !state.former().isEmpty())) {
      answerWhenSoleOwner(state, c);
      return Effect().none();
    }
    if (c.onlyIfFree() && !its && state.owner() != null) {
      c.replyTo().tell(new PushTokens.OwnedByOther());
      return Effect().none();
    }
    List<UserId> toTell = new ArrayList<>(state.former());
    if (state.owner() != null) {
      toTell.add(state.owner());
    }
    toTell.remove(c.user());
    if (toTell.size() > FORMER) {
      c.replyTo().tell(new PushTokens.AskAgain());
      return Effect().none();
    }
    return Effect()
        .persist(new PushTokenOwnership(c.user(), state.nr() + 1, toTell))
        .thenRun(after -> answerWhenSoleOwner(after, c));
  }

  private Effect<PushTokenOwnership, PushTokenOwnership> release(
      PushTokenOwnership state, PushTokens.Release c) {
    if (!c.user().equals(state.owner()) || c.claim() < state.nr()) {
      c.replyTo().tell(new PushTokens.Released());
      return Effect().none();
    }
    return Effect()
        .persist(new PushTokenOwnership(null, state.nr(), state.former()))
        .thenRun(
            after -> {
              c.replyTo().tell(new PushTokens.Released());
              answerWaiting(after);
            });
  }

  /** Answers the claim, as soon as no former owner has the token. */
  private void answerWhenSoleOwner(PushTokenOwnership state, PushTokens.Claim c) {
    if (state.former().isEmpty()) {
      c.replyTo().tell(new PushTokens.Claimed(state.nr()));
      return;
    }
    if (waiting.size() >= MAX_WAITING) {
      c.replyTo().tell(new PushTokens.AskAgain());
      return;
    }
    waiting.add(c);
    for (UserId user : state.former()) {
      if (losesInFlight.add(user)) {
        context.pipeToSelf(
            former.lose(user, hash, state.nr()),
            (done, failure) -> new PushTokens.OwnerNotified(user, state.nr(), failure == null));
      }
    }
  }

  private Effect<PushTokenOwnership, PushTokenOwnership> told(
      PushTokenOwnership state, PushTokens.OwnerNotified c) {
    losesInFlight.remove(c.user());
    // The former owner was told of an earlier claim, and may have had the token again since then.
    if (!c.lost() || c.before() < state.nr()) {
      answerWaiting(state);
      return Effect().none();
    }
    if (!state.former().contains(c.user())) { // This user has claimed the token again.
      answerWaiting(state);
      return Effect().none();
    }
    return Effect().persist(state.without(c.user())).thenRun(this::answerWaiting);
  }

  private void answerWaiting(PushTokenOwnership state) {
    if (!losesInFlight.isEmpty()) {
      return;
    }
    for (PushTokens.Claim c : List.copyOf(waiting)) {
      boolean its = c.user().equals(state.owner()) && state.former().isEmpty();
      c.replyTo().tell(its ? new PushTokens.Claimed(state.nr()) : new PushTokens.AskAgain());
    }
    waiting.clear();
  }
}
