package parley.session;

import org.jspecify.annotations.Nullable;
import parley.model.ErrorCode;
import parley.protocol.ServerFrame;

/** Counters of sessions. Called from many threads; must not block. */
public interface SessionMeters {
  /** Meters that count nothing. */
  SessionMeters NONE = new SessionMeters() {};

  /** A connection was opened. */
  default void opened() {}

  /** A connection is gone. */
  default void closed() {}

  /** The server closes a connection. */
  default void closing(ServerFrame.CloseCode code) {}

  /** A frame of a client arrived. */
  default void frameIn() {}

  /** A connection is gone to which no closing frame was sent. */
  default void closedByClient() {}

  /** A client's write was refused. The error is reported to {@link #refused} as well. */
  default void messageRefused(ErrorCode code) {}

  /**
   * A client's write was answered with {@code sent}.
   *
   * @param nanos the time since its frame arrived
   * @param trace the context of its trace; null if it has none
   */
  default void sent(long nanos, @Nullable String trace) {}

  /**
   * A new entry was sent to a recipient's connection.
   *
   * @param millis the time since it was accepted
   * @param trace the context of its trace; null if it has none
   */
  default void delivered(long millis, @Nullable String trace) {}

  /** A change of presence was sent to a watcher's connection, this long after it happened. */
  default void presenceSeen(long millis) {}

  /** Something was not sent to a client, or not passed on, to shed load. */
  default void shed(Shed what) {}

  /** What is shed. A client learns all of it later, or does without. */
  enum Shed {
    /** Notices that somebody is typing, to slow readers or over the rate of a connection. */
    TYPING,
    /** Changes of presence, to slow readers. */
    PRESENCE,
    /** Receipts that a newer one has replaced before a slow reader took them. */
    RECEIPTS,
    /** Rows of the inbox that a newer one has replaced before a slow reader took them. */
    ROWS
  }

  /**
   * A client was refused because a budget was used up. It is sent an error as well.
   *
   * @param limit name of the budget
   */
  default void limited(String limit) {}

  /** A client was sent an error. */
  default void refused(ErrorCode code) {}
}
