package parley.client;

import org.jspecify.annotations.Nullable;

/**
 * How a socket behaves.
 *
 * @param autoAck acknowledge what arrived without a hole
 * @param keep keep all frames for waiting and looking back; a load generator does not
 * @param cursors what the device has; shared by the connections of one device
 * @param subprotocol asked for at the handshake; null asks for none
 */
public record SocketOptions(
    boolean autoAck,
    boolean keep,
    ReceivedCursors cursors,
    SocketTap tap,
    @Nullable String subprotocol) {

  /** Acknowledges and keeps everything; a device of its own. */
  public static SocketOptions standard() {
    return new SocketOptions(true, true, new ReceivedCursors(), SocketTap.NONE, "parley.v1");
  }

  public SocketOptions withAutoAck(boolean on) {
    return new SocketOptions(on, keep, cursors, tap, subprotocol);
  }

  public SocketOptions withKeep(boolean on) {
    return new SocketOptions(autoAck, on, cursors, tap, subprotocol);
  }

  public SocketOptions withCursors(ReceivedCursors of) {
    return new SocketOptions(autoAck, keep, of, tap, subprotocol);
  }

  public SocketOptions withTap(SocketTap to) {
    return new SocketOptions(autoAck, keep, cursors, to, subprotocol);
  }

  public SocketOptions withSubprotocol(@Nullable String name) {
    return new SocketOptions(autoAck, keep, cursors, tap, name);
  }
}
