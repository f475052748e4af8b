package parley.session;

import org.apache.pekko.actor.typed.RecipientRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.UserId;
import parley.user.User;

/** The way to users and conversations. */
public interface EntityRefs {
  /** A user, existing or not. */
  RecipientRef<User.Command> user(UserId id);

  /** A conversation, existing or not. */
  RecipientRef<Conversation.Command> conversation(ConversationId id);

  /** Those of the cluster. */
  static EntityRefs sharded(ClusterSharding sharding) {
    return new EntityRefs() {
      @Override
      public RecipientRef<User.Command> user(UserId id) {
        return sharding.entityRefFor(User.KEY, id.value());
      }

      @Override
      public RecipientRef<Conversation.Command> conversation(ConversationId id) {
        return sharding.entityRefFor(Conversation.KEY, id.value());
      }
    };
  }
}
