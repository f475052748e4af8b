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
import parley.telemetry.Telemetry;

/**
 * A cache of conversation ids that were looked up on this node and do not exist: at most {@value
 * #IDS}, each for {@link #LIFE}. A repeated request for such an id is answered without a read of
 * the store.
 *
 * <p><b>The cache never hides a conversation.</b> Every command to a conversation goes through its
 * shard, and an entry of the cache is valid only for one incarnation of the shard. The entry is
 * removed when the conversation is created here. If the shard has been on another node meanwhile,
 * it comes back as another incarnation. A command that may create a conversation is never answered
 * from the cache.
 */
final class MissingConversations {
  static final int IDS = 10_000;
  static final Duration LIFE = Duration.ofSeconds(30);

  private record ShardedId(ActorRef<ClusterSharding.ShardCommand> shard, ConversationId id) {}

  private final Cache<ShardedId, Boolean> ids =
      Caffeine.newBuilder().maximumSize(IDS).expireAfterWrite(LIFE).recordStats().build();

  /** Registers the meters of the cache. */
  void registerMeters(Telemetry telemetry) {
    telemetry.cache("missing_conversations", ids::estimatedSize, () -> ids.stats().evictionCount());
  }

  /** Notes that the conversation does not exist. */
  void add(ActorRef<ClusterSharding.ShardCommand> shard, ConversationId id) {
    ids.put(new ShardedId(shard, id), true);
  }

  /** Notes that the conversation exists. */
  void remove(ActorRef<ClusterSharding.ShardCommand> shard, ConversationId id) {
    ids.invalidate(new ShardedId(shard, id));
  }

  /**
   * The behaviour of the conversation, or a cheap one that answers {@code not_found} if the id is
   * in the cache.
   */
  Behavior<Conversation.Command> behavior(
      ConversationId id,
      ActorRef<ClusterSharding.ShardCommand> shard,
      Supplier<Behavior<Conversation.Command>> conversation) {
    return ids.getIfPresent(new ShardedId(shard, id)) == null
        ? conversation.get()
        : Behaviors.setup(context -> notFoundBehavior(context, shard, conversation));
  }

  private static Behavior<Conversation.Command> notFoundBehavior(
      ActorContext<Conversation.Command> context,
      ActorRef<ClusterSharding.ShardCommand> shard,
      Supplier<Behavior<Conversation.Command>> conversation) {
    return Behaviors.receiveMessage(
        message -> {
          if (message instanceof Conversation.Stop) {
            return Behaviors.stopped();
          }
          if (!answerIfMissing(message)) {
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

  /**
   * Answers the command if it cannot create a conversation. Returns false if it needs the real
   * entity.
   */
  private static boolean answerIfMissing(Conversation.Command message) {
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
