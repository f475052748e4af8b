package parley.session;

import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.protocol.ServerFrame;
import parley.user.User;

/** What a session is told by its socket, by adapters and by itself. */
sealed interface SessionInternal extends Session.Command {

  // ---- by the socket

  /** A text frame. The next one comes after {@link SocketFlow.Ready}. */
  record Received(String text) implements SessionInternal {
    @Override
    public String toString() {
      return "Received[" + text.length() + "]";
    }
  }

  /** What the socket says without words. */
  enum Socket implements SessionInternal {
    /** A binary frame came. */
    BINARY,
    /** A frame came that is too large; it was not read to its end. */
    TOO_LARGE,
    /** The client is there: it has answered a ping. */
    PONG,
    /** Everything handed over has been passed on: there is room. */
    WANTS,
    /** It is gone. */
    GONE
  }

  // ---- by others

  /** A token was judged; {@code round} says which. */
  record Verified(int round, Authenticator.Verdict verdict) implements SessionInternal {}

  /** The user entity tells something. */
  record Told(User.Delivery delivery) implements SessionInternal {}

  /** This user entity is gone. */
  record UserGone(ActorRef<User.Command> user) implements SessionInternal {}

  /**
   * A write was answered.
   *
   * @param alone the conversation, where the write had an ask of its own
   */
  record PostAnswered(@Nullable ConversationId alone, Conversation.PostReply reply)
      implements SessionInternal {}

  /** A page for replay came, or null: it did not. */
  record Paged(ConversationId conversationId, Conversation.@Nullable PageReply reply)
      implements SessionInternal {}

  /** What a frame asked for is there; null if there is nothing to say. */
  record Answered(@Nullable ServerFrame frame) implements SessionInternal {}

  /** Nothing to do. */
  record Noted() implements SessionInternal {}

  // ---- by itself

  /** Timers; each is its own key. */
  enum Timer implements SessionInternal {
    /** No hello came. */
    HELLO,
    /** The user has to be looked for, or has not answered. */
    RESUME,
    /** A token's verdict or the user's answer did not come. */
    ANSWER,
    /** Perhaps the client is gone. */
    IDLE,
    /** Perhaps the token has ended. */
    TOKEN,
    /** Acknowledgements have been gathered. */
    ACKS,
    /** Perhaps something was lost between the user and here. */
    CHECK,
    /** Perhaps a write will not be answered. */
    POSTS,
    /** Pages that did not come may be asked for again. */
    REST,
    /** The client has been slow for long. */
    SLOW,
    /** The last frame has had its time. */
    CUT,
    /** The presence watch is to be renewed. */
    WATCH,
    /** This connection's slot in a drain. */
    SLOT
  }
}
