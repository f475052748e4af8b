package parley.conversation;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import parley.model.ConversationId;
import parley.model.Refusal;

/**
 * Ids under which this node has lately looked for a conversation and found none, {@value #IDS} at
 * most, each for {@link #LIFE}. Who asks for one again is answered without a look at the store.
 *
 * <p><b>It never hides a conversation.</b> All that is said to a conversation goes through its
 * shard, and an id counts only for that very shard in that very place: it is forgotten when the
 * conversation is made here, and if the shard has been elsewhere meanwhile, it comes back as
 * another one. Whatever could make a conversation is never answered from here.
 */
final class MissingConversations {
  static final int IDS = 10_000;
  static final Duration LIFE = Duration.ofSeconds(30);

  private record Place(ActorRef<ClusterSharding.ShardCommand> shard, ConversationId id) {}

  private final Cache<Place, Boolean> ids =
      Caffeine.newBuilder().maximumSize(IDS).expireAfterWrite(LIFE).build();

  /** There is no such conversation. */
  void add(ActorRef<ClusterSharding.ShardCommand> shard, ConversationId id) {
    ids.put(new Place(shard, id), true);
  }

  /** There is one. */
  void remove(ActorRef<ClusterSharding.ShardCommand> shard, ConversationId id) {
    ids.invalidate(new Place(shard, id));
  }

  /** The conversation, or, where there was none a moment ago, one that answers for it. */
  Behavior<Conversation.Command> behavior(
      ConversationId id,
      ActorRef<ClusterSharding.ShardCommand> shard,
      Supplier<Behavior<Conversation.Command>> conversation) {
    return ids.getIfPresent(new Place(shard, id)) == null
        ? conversation.get()
        : Behaviors.setup(context -> nobody(context, shard, conversation));
  }

  private static Behavior<Conversation.Command> nobody(
      ActorContext<Conversation.Command> context,
      ActorRef<ClusterSharding.ShardCommand> shard,
      Supplier<Behavior<Conversation.Command>> conversation) {
    return Behaviors.receiveMessage(
        message -> {
          if (message instanceof ConversationEntity.Stop) {
            return Behaviors.stopped();
          }
          if (!answered(message)) {
            return Behaviors.withStash(
                1,
                stash -> {
                  stash.stash(message);
                  return stash.unstashAll(conversation.get());
                });
          }
          shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
          return Behaviors.same();
        });
  }

  /** Whether it needs no conversation, and has its answer. */
  private static boolean answered(Conversation.Command message) {
    Conversation.Refused no = new Conversation.Refused(Refusal.notFound());
    switch (message) {
      case Conversation.Post post -> {
        if (post.openWith() != null) {
          return false;
        }
        post.replyTo().tell(new Conversation.PostRefused(post.clientMsgId(), Refusal.notFound()));
      }
      case Conversation.ChangeGroup change -> change.replyTo().tell(no);
      case Conversation.AddMembers add -> add.replyTo().tell(no);
      case Conversation.RemoveMember remove -> remove.replyTo().tell(no);
      case Conversation.SetRole set -> set.replyTo().tell(no);
      case Conversation.GetView get -> get.replyTo().tell(no);
      case Conversation.GetPage get -> get.replyTo().tell(no);
      case Conversation.Read read -> {
        if (read.replyTo() != null) {
          read.replyTo().tell(no);
        }
      }
      case Conversation.Typing typing -> {}
      case Conversation.FromUser from -> {}
      case Conversation.Archive archive -> {}
      default -> {
        return false;
      }
    }
    return true;
  }
}
