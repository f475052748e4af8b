package parley.websocket;

import java.nio.charset.StandardCharsets;

/**
 * Encodes the frames that a server sends: not fragmented and not masked (RFC 6455, section 5.2).
 * Every returned array is new and belongs to the caller.
 */
public final class FrameEncoder {
  private static final int FIN = 0x80;

  private FrameEncoder() {}

  /** A text message. Lone surrogates, which UTF-8 cannot encode, become question marks. */
  public static byte[] text(String text) {
    byte[] payload = text.getBytes(StandardCharsets.UTF_8);
    int length = payload.length;
    int header = length <= 125 ? 2 : length <= 0xffff ? 4 : 10;
    byte[] frame = new byte[header + length];
    frame[0] = (byte) (FIN | Opcode.TEXT);
    if (header == 2) {
      frame[1] = (byte) length;
    } else {
      frame[1] = (byte) (header == 4 ? 126 : 127);
      for (int i = header - 1, rest = length; i > 1; i--, rest >>>= 8) {
        frame[i] = (byte) rest;
      }
    }
    System.arraycopy(payload, 0, frame, header, length);
    return frame;
  }

  /** A ping without a payload. */
  public static byte[] ping() {
    return new byte[] {(byte) (FIN | Opcode.PING), 0};
  }

  /**
   * The answer to a ping.
   *
   * @param payload the payload of the ping, at most 125 bytes
   */
  public static byte[] pong(byte[] payload) {
    byte[] frame = new byte[2 + payload.length];
    frame[0] = (byte) (FIN | Opcode.PONG);
    frame[1] = (byte) payload.length;
    System.arraycopy(payload, 0, frame, 2, payload.length);
    return frame;
  }

  /** A close frame without a text. */
  public static byte[] close(CloseStatus status) {
    int number = status.number();
    return new byte[] {(byte) (FIN | Opcode.CLOSE), 2, (byte) (number >>> 8), (byte) number};
  }
}
