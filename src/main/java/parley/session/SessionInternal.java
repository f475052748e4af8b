package parley.session;

import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.protocol.ServerFrame;
import parley.user.Delivery;
import parley.user.User;

/** Messages to a session from its socket, from adapters and from itself. */
sealed interface SessionInternal extends Session.Command {

  // ---- from the socket

  /** A text frame. The next one comes after {@link ToSocket.Ready}. */
  record Received(String text) implements SessionInternal {
    @Override
    public String toString() {
      return "Received[" + text.length() + "]";
    }
  }

  /** Signals of the socket that carry no data. */
  enum SocketSignal implements SessionInternal {
    /** A binary frame arrived. */
    BINARY,
    /** A frame arrived that is too large; it was not read to its end. */
    TOO_LARGE,
    /** The client has answered a ping. */
    PONG,
    /** Everything handed over has been passed on; the socket asks for more. */
    WANTS_MORE,
    /** The connection is gone. */
    GONE
  }

  // ---- from adapters

  /** A token was verified; {@code round} is the number of the verification. */
  record Verified(int round, Authenticator.Verdict verdict) implements SessionInternal {}

  /** A delivery of the user entity or of a watched user. */
  record DeliveryReceived(Delivery delivery) implements SessionInternal {}

  /** This user entity has stopped. */
  record UserGone(ActorRef<User.Command> user) implements SessionInternal {}

  /**
   * A write was answered.
   *
   * @param alone the conversation if the write had an ask of its own, else null
   */
  record PostAnswered(@Nullable ConversationId alone, Conversation.PostReply reply)
      implements SessionInternal {}

  /** A page request for replay was answered; null if no answer came. */
  record ReplayAnswered(ConversationId conversationId, Conversation.@Nullable PageReply reply)
      implements SessionInternal {}

  /** A request was answered; null if there is nothing to send. */
  record RequestAnswered(@Nullable ServerFrame frame) implements SessionInternal {}

  /** An answer that needs no action. */
  record NoAction() implements SessionInternal {}

  // ---- from the session itself

  /** Timers; each constant is also the timer's key. */
  enum Timer implements SessionInternal {
    /** No hello arrived in time. */
    HELLO,
    /** The user entity has not answered the last attach: attach again. */
    RESUME,
    /** A token's verdict or the user entity's answer did not arrive in time. */
    ANSWER,
    /** Check whether the client has been silent for too long. */
    IDLE,
    /** Check whether the token has expired. */
    TOKEN,
    /** Send the gathered acknowledgements to the user entity. */
    ACKS,
    /** Check whether messages between the user entity and the session were lost. */
    CHECK,
    /** Check for writes without an answer. */
    POSTS,
    /** One tick of the wait before failed pages are requested again. */
    PAGE_RETRY,
    /** The client has been slow for too long. */
    SLOW,
    /** The time to send the last frame is over: close the socket. */
    CLOSE_SOCKET,
    /** Renew the presence watches. */
    WATCH,
    /** This connection's slot in a drain has come. */
    SLOT
  }
}
