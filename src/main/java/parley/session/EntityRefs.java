package parley.session;

import org.apache.pekko.actor.typed.RecipientRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.UserId;
import parley.user.User;

/** References to user and conversation entities. */
public interface EntityRefs {
  /** The entity of a user, whether the user exists or not. */
  RecipientRef<User.Command> user(UserId id);

  /** The entity of a conversation, whether the conversation exists or not. */
  RecipientRef<Conversation.Command> conversation(ConversationId id);

  /** References through cluster sharding. */
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
