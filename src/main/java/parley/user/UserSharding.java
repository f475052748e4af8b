package parley.user;

import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import parley.model.UserId;

/** Starts user entities: one alone, or all of a node through cluster sharding. */
public final class UserSharding {
  private UserSharding() {}

  /**
   * Creates the behaviour of one user.
   *
   * @param shard receives the request to passivate this entity
   */
  public static Behavior<User.Command> create(
      UserId id, UserDependencies dependencies, ActorRef<ClusterSharding.ShardCommand> shard) {
    return UserEntity.create(id, dependencies, shard);
  }

  /** Registers the user entities with cluster sharding. */
  public static ActorRef<ShardingEnvelope<User.Command>> init(
      ClusterSharding sharding, UserDependencies dependencies) {
    return sharding.init(
        Entity.of(
                User.KEY,
                entity -> create(new UserId(entity.getEntityId()), dependencies, entity.getShard()))
            .withStopMessage(new UserInternal.Stop()));
  }
}
