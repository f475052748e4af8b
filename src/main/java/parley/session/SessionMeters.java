package parley.session;

import parley.model.ErrorCode;
import parley.protocol.ServerFrame;

/** What sessions count. Called from many threads; must not block. */
public interface SessionMeters {
  /** Counts nothing. */
  SessionMeters NONE = new SessionMeters() {};

  /** A connection was opened. */
  default void opened() {}

  /** A connection is gone. */
  default void closed() {}

  /** The server ended a connection. */
  default void closing(ServerFrame.CloseCode code) {}

  /** A frame of a client came. */
  default void frameIn() {}

  /** A client's entry was answered with {@code sent}, so long after its frame. */
  default void sent(long nanos) {}

  /** A new entry went to a recipient's connection, so long after it was accepted. */
  default void delivered(long millis) {}

  /**
   * A client was refused because a budget was used up; it was told an error as well.
   *
   * @param limit which budget
   */
  default void limited(String limit) {}

  /** A client was told an error. */
  default void refused(ErrorCode code) {}
}
