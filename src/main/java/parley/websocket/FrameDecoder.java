package parley.websocket;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Decodes the bytes of a client into messages (RFC 6455, section 5). Text messages are assembled
 * and checked for UTF-8. Of a binary message only the arrival is reported, because nothing here
 * reads binary data.
 *
 * <p>Memory grows with the bytes that have arrived, not with the length that a header announces. A
 * message has a maximum size: the rest of a larger message is skipped, and so is every message
 * after it. After {@link Broken} no event follows.
 *
 * <p>Not thread-safe.
 */
public final class FrameDecoder {
  /** Something that a client sent. */
  public sealed interface Event {}

  /** A text message. */
  public record Text(String text) implements Event {
    @Override
    public String toString() {
      return "Text[" + text.length() + "]";
    }
  }

  /** Events without data. */
  public enum Signal implements Event {
    /** A binary message. */
    BINARY,
    /** A message over the maximum size; its rest, and all later messages, are skipped. */
    TOO_LARGE,
    /** A pong. */
    PONG,
    /** A valid close frame; no event follows. */
    CLOSE
  }

  /** A ping; the pong must return its payload of at most 125 bytes. */
  @SuppressWarnings("ArrayRecordComponent") // Nobody compares pings.
  public record Ping(byte[] payload) implements Event {}

  /** The bytes are not valid frames, or not valid text; the connection must be closed. */
  public record Broken(CloseStatus status) implements Event {}

  private static final int FIN = 0x80;
  private static final int RESERVED = 0x70;
  private static final int OPCODE = 0x0f;
  private static final int MASKED = 0x80;
  private static final int CONTROL_BYTES = 125;
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final byte[] NONE = new byte[0];
  private static final int FIRST = 1024;

  private final int maxMessageBytes;

  private byte[] chunk = NONE;
  private int position;

  // The header of the current frame, as far as it has arrived.
  private final byte[] header = new byte[14];
  private int headerLength;

  // The frame whose payload is being read.
  private boolean inPayload;
  private int opcode;
  private boolean fin;
  private long payloadLeft;
  private int mask;

  // The message assembled so far, and the payload of a control frame between its parts.
  private byte[] message = NONE;
  private int messageLength;
  private int messageOpcode;
  private byte[] control = NONE;
  private int controlLength;
  private boolean tooLarge;
  private boolean broken;

  /**
   * Creates the decoder of one connection.
   *
   * @param most largest message, in bytes
   */
  public FrameDecoder(int most) {
    this.maxMessageBytes = most;
  }

  /**
   * Takes the next bytes. Call this only after {@link #next} has returned null. The decoder reads
   * the array until {@link #next} returns null again, and does not change it.
   */
  public void feed(byte[] bytes) {
    chunk = bytes;
    position = 0;
  }

  /** Returns the next event, or null if more bytes are needed. */
  public @Nullable Event next() {
    while (!broken) {
      if (!inPayload) {
        if (!headerComplete()) {
          break;
        }
        Event wrong = begin();
        if (wrong != null) {
          return wrong;
        }
      }
      takePayload();
      if (payloadLeft > 0) {
        break;
      }
      inPayload = false;
      Event event = end();
      if (event != null) {
        return event;
      }
    }
    chunk = NONE;
    position = 0;
    return null;
  }

  // Takes bytes of the header until it is complete.
  private boolean headerComplete() {
    while (headerLength < 2 || headerLength < headerBytes()) {
      if (position == chunk.length) {
        return false;
      }
      header[headerLength++] = chunk[position++];
    }
    return true;
  }

  private int headerBytes() {
    int length = header[1] & 0x7f;
    int extended = length == 126 ? 2 : length == 127 ? 8 : 0;
    return 2 + extended + ((header[1] & MASKED) != 0 ? 4 : 0);
  }

  // Starts a frame whose header is complete. Returns an event if the frame is invalid or too large.
  private @Nullable Event begin() {
    opcode = header[0] & OPCODE;
    fin = (header[0] & FIN) != 0;
    int shortLength = header[1] & 0x7f;
    payloadLeft = shortLength;
    if (shortLength >= 126) {
      int bytes = shortLength == 126 ? 2 : 8;
      payloadLeft = 0;
      for (int i = 0; i < bytes; i++) {
        payloadLeft = payloadLeft << 8 | (header[2 + i] & 0xff);
      }
    }
    int masked = headerLength - 4;
    boolean control = Opcode.isControl(opcode);
    boolean continues = messageOpcode != 0;
    if ((header[0] & RESERVED) != 0
        || !Opcode.isKnown(opcode)
        || (header[1] & MASKED) == 0
        || payloadLeft
            < (shortLength <= 125 ? 0 : shortLength == 126 ? 126 : 0x10000) // also if negative
        || (control && (shortLength > CONTROL_BYTES || !fin))
        || (!control && continues != (opcode == Opcode.CONTINUATION))) {
      return broken(CloseStatus.PROTOCOL_ERROR);
    }
    mask = 0;
    for (int i = 0; i < 4; i++) {
      mask = mask << 8 | (header[masked + i] & 0xff);
    }
    headerLength = 0;
    inPayload = true;
    if (control) {
      this.control = payloadLeft == 0 ? NONE : new byte[(int) payloadLeft];
      controlLength = 0;
      return null;
    }
    if (!continues) {
      messageOpcode = opcode;
    }
    if (!tooLarge && payloadLeft > maxMessageBytes - messageLength) {
      tooLarge = true;
      message = NONE;
      messageLength = 0;
      return Signal.TOO_LARGE;
    }
    return null;
  }

  private void takePayload() {
    int count = (int) Math.min(payloadLeft, chunk.length - position);
    if (count == 0) {
      return;
    }
    if (Opcode.isControl(opcode)) {
      unmask(control, controlLength, count);
      controlLength += count;
    } else if (!tooLarge && messageOpcode == Opcode.TEXT) {
      makeRoom(count);
      unmask(message, messageLength, count);
      messageLength += count;
    } else if (!tooLarge) {
      messageLength += count;
    }
    position += count;
    payloadLeft -= count;
  }

  private void makeRoom(int count) {
    int needed = messageLength + count;
    if (message.length < needed) {
      // A frame that has arrived as a whole gets the bytes it needs. For a frame that arrives in
      // parts the buffer doubles, so that bytes are copied less often.
      int more = payloadLeft == count && fin ? needed : Math.max(FIRST, needed * 2);
      message = Arrays.copyOf(message, Math.min(more, maxMessageBytes));
    }
  }

  private void unmask(byte[] to, int offset, int count) {
    int key = mask;
    int i = 0;
    long wide = (long) key << 32 | (key & 0xffffffffL);
    for (; i + 8 <= count; i += 8) {
      LONGS.set(to, offset + i, (long) LONGS.get(chunk, position + i) ^ wide);
    }
    for (; i < count; i++) {
      to[offset + i] = (byte) (chunk[position + i] ^ key >>> (24 - 8 * (i & 3)));
    }
    // The next part of the payload may begin in the middle of the key.
    mask = Integer.rotateLeft(key, 8 * (count & 3));
  }

  // Ends a complete frame. Returns its event, or null if the message has more frames.
  private @Nullable Event end() {
    return switch (opcode) {
      case Opcode.PING -> new Ping(control);
      case Opcode.PONG -> Signal.PONG;
      case Opcode.CLOSE -> {
        if (!isCloseReason(control)) {
          yield broken(CloseStatus.PROTOCOL_ERROR);
        }
        broken = true; // No frame may follow a close frame.
        yield Signal.CLOSE;
      }
      default -> fin ? message() : null;
    };
  }

  private @Nullable Event message() {
    int kind = messageOpcode;
    byte[] bytes = message;
    int length = messageLength;
    messageOpcode = 0;
    message = NONE;
    messageLength = 0;
    if (tooLarge) {
      return null;
    }
    if (kind == Opcode.BINARY) {
      return Signal.BINARY;
    }
    String text = new String(bytes, 0, length, StandardCharsets.UTF_8);
    // Bytes that are not UTF-8 are decoded as this character, but valid text may contain it too.
    if (text.indexOf('\uFFFD') >= 0 && !isUtf8(ByteBuffer.wrap(bytes, 0, length))) {
      return broken(CloseStatus.INVALID_DATA);
    }
    return new Text(text);
  }

  private Event broken(CloseStatus status) {
    broken = true;
    return new Broken(status);
  }

  // The payload is empty, or a status code that may be sent and a text in UTF-8.
  private static boolean isCloseReason(byte[] payload) {
    if (payload.length == 0) {
      return true;
    }
    if (payload.length == 1) {
      return false;
    }
    int code = (payload[0] & 0xff) << 8 | (payload[1] & 0xff);
    boolean sendable =
        code >= 1000 && code <= 4999 && (code >= 3000 || (code <= 1014 && !isReserved(code)));
    return sendable && isUtf8(ByteBuffer.wrap(payload, 2, payload.length - 2));
  }

  private static boolean isReserved(int code) {
    return code >= 1004 && code <= 1006;
  }

  private static boolean isUtf8(ByteBuffer bytes) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(bytes);
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }
}
