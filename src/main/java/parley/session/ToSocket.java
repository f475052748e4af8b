package parley.session;

import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.util.ByteString;

/**
 * Messages from a session, or from the registry, to the stage of a socket ({@link SocketLogic}).
 */
public sealed interface ToSocket {
  /** The session has started. */
  record Opened(ActorRef<Session.Command> session) implements ToSocket {}

  /** The registry accepts no more sessions. */
  enum Refused implements ToSocket {
    /** The only value. */
    REFUSED
  }

  /** The socket may deliver the next frame. */
  enum Ready implements ToSocket {
    /** The only value. */
    READY
  }

  /**
   * Whole frames to pass on. After them the socket asks for more, or closes if this is the last
   * batch.
   */
  record Batch(ByteString frames, boolean last) implements ToSocket {
    @Override
    public String toString() {
      return "Batch[" + frames.size() + ", last=" + last + "]";
    }
  }

  /** Close now, and drop whatever waits. */
  enum CloseNow implements ToSocket {
    /** The only value. */
    CLOSE_NOW
  }
}
