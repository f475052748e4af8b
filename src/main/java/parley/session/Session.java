package parley.session;

import parley.protocol.ServerFrame.CloseCode;

/**
 * Messages to a session, the actor of one connection of one device ({@link SessionBehavior}). Those
 * that only this package sends are in {@link SessionInternal}.
 */
public final class Session {
  /** Messages to a session. */
  public sealed interface Command permits Drain, Close, SessionInternal {}

  /**
   * The server shuts down. The client is told, and the connection closes when its slot comes.
   *
   * @param reconnectAfterMillis time until this connection's slot, from now
   * @param deadlineMillis time until all connections will have been closed, from now
   */
  public record Drain(long reconnectAfterMillis, long deadlineMillis, String reason)
      implements Command {}

  /** Close the connection now. */
  public record Close(CloseCode code, String reason) implements Command {}

  private Session() {}
}
