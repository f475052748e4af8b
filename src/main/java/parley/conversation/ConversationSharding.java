package parley.conversation;

import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.sharding.typed.ClusterShardingSettings;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import parley.model.ConversationId;

/**
 * Registers conversations with cluster sharding.
 *
 * <p>Sharding does not remember conversations. A conversation that may have undelivered entries has
 * a {@link ConversationReminder}, which sharding does remember. So after the crash of a node its
 * active conversations start again, on another node or on the same one after a restart, and deliver
 * what members lack.
 */
public final class ConversationSharding {
  private ConversationSharding() {}

  /**
   * Registers conversations and their reminders, and starts {@link ReminderAdoption} for
   * conversations that a version without reminders left behind.
   */
  public static ActorRef<ShardingEnvelope<Conversation.Command>> init(
      ActorSystem<?> system, ConversationDependencies dependencies) {
    ConversationReminder.init(system, dependencies.wake());
    if (dependencies.reminders().mustBeKept()) {
      ReminderAdoption.init(system, dependencies.reminders());
    }
    MissingConversations missingConversations = new MissingConversations();
    missingConversations.registerMeters(dependencies.telemetry());
    return ClusterSharding.get(system)
        .init(
            Entity.of(
                    Conversation.KEY,
                    entity -> {
                      ConversationId id = new ConversationId(entity.getEntityId());
                      return missingConversations.behavior(
                          id,
                          entity.getShard(),
                          () ->
                              ConversationEntity.create(
                                  id, dependencies, entity.getShard(), missingConversations));
                    })
                .withSettings(ClusterShardingSettings.create(system).withRememberEntities(false))
                .withStopMessage(Conversation.Stop.STOP));
  }
}
