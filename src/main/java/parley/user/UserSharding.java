package parley.user;

import java.time.InstantSource;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import parley.model.UserId;
import parley.telemetry.EntityMeters;
import parley.telemetry.MessageTrail;

/** Starts user entities: one alone, or all of a node through cluster sharding. */
public final class UserSharding {
  private UserSharding() {}

  /**
   * Creates the behaviour of one user.
   *
   * @param conversations sends messages to conversations
   * @param logins ends logins at the user's account when their device is removed
   * @param pushDependencies the services that push notifications need
   * @param shard receives the request to passivate this entity
   * @param meters the meters of the node's entities
   * @param samples receives the inbox rows that are written
   * @param trail how single messages are followed
   */
  public static Behavior<User.Command> create(
      UserId id,
      UserSettings settings,
      User.Conversations conversations,
      AccountLogins logins,
      InstantSource clock,
      PushDependencies pushDependencies,
      ActorRef<ClusterSharding.ShardCommand> shard,
      EntityMeters meters,
      RowSamples samples,
      MessageTrail trail) {
    return UserEntity.create(
        id,
        settings,
        conversations,
        logins,
        clock,
        pushDependencies,
        shard,
        meters,
        samples,
        trail);
  }

  /** The same, without samples, and follows no messages. */
  public static Behavior<User.Command> create(
      UserId id,
      UserSettings settings,
      User.Conversations conversations,
      AccountLogins logins,
      InstantSource clock,
      PushDependencies pushDependencies,
      ActorRef<ClusterSharding.ShardCommand> shard,
      EntityMeters meters) {
    return create(
        id,
        settings,
        conversations,
        logins,
        clock,
        pushDependencies,
        shard,
        meters,
        RowSamples.NONE,
        MessageTrail.OFF);
  }

  /** Registers the user entities with cluster sharding. */
  public static ActorRef<ShardingEnvelope<User.Command>> init(
      ClusterSharding sharding,
      UserSettings settings,
      User.Conversations conversations,
      AccountLogins logins,
      InstantSource clock,
      PushDependencies pushDependencies,
      EntityMeters meters,
      RowSamples samples,
      MessageTrail trail) {
    return sharding.init(
        Entity.of(
                User.KEY,
                entity ->
                    create(
                        new UserId(entity.getEntityId()),
                        settings,
                        conversations,
                        logins,
                        clock,
                        pushDependencies,
                        entity.getShard(),
                        meters,
                        samples,
                        trail))
            .withStopMessage(new UserInternal.Stop()));
  }
}
