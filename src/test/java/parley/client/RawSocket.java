package parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A WebSocket over plain TCP that can do what a library forbids: wrong frames, fragmented frames,
 * invalid bytes, and never reading. It answers no pings and acknowledges nothing. Not thread-safe.
 */
public final class RawSocket implements AutoCloseable {
  public static final int CONTINUATION = 0;
  public static final int TEXT = 1;
  public static final int BINARY = 2;
  public static final int CLOSE = 8;
  public static final int PING = 9;
  public static final int PONG = 10;

  /** A received frame. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Frame(int opcode, boolean last, byte[] payload) {
    public String text() {
      return new String(payload, StandardCharsets.UTF_8);
    }

    public JsonNode json() {
      return JsonTrees.parse(text());
    }
  }

  private final Socket socket = new Socket();
  private final OutputStream out;
  private final DataInputStream in;
  private final String handshake;

  private RawSocket(URI base, @Nullable String subprotocol, int receiveBuffer) throws IOException {
    if (receiveBuffer > 0) {
      socket.setReceiveBufferSize(receiveBuffer);
    }
    socket.connect(new InetSocketAddress(base.getHost(), base.getPort()), 10_000);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout((int) ParleySocket.PATIENCE.toMillis());
    out = socket.getOutputStream();
    in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    byte[] key = new byte[16];
    ThreadLocalRandom.current().nextBytes(key);
    String request =
        "GET /v1/ws HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n%s\r\n"
            .formatted(
                base.getHost(),
                base.getPort(),
                Base64.getEncoder().encodeToString(key),
                subprotocol == null ? "" : "Sec-WebSocket-Protocol: " + subprotocol + "\r\n");
    out.write(request.getBytes(StandardCharsets.US_ASCII));
    out.flush();
    handshake = head();
  }

  public static RawSocket open(URI base) {
    return open(base, "parley.v1", 0);
  }

  /**
   * Connects and asks for the upgrade, which may be refused: see {@link #upgraded}.
   *
   * @param receiveBuffer bytes the kernel may take in for us, so that not reading is felt soon; 0
   *     for its default
   */
  public static RawSocket open(URI base, @Nullable String subprotocol, int receiveBuffer) {
    try {
      return new RawSocket(base, subprotocol, receiveBuffer);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String head() throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        break;
      }
      head.append((char) next);
    }
    return head.toString();
  }

  /** The status line and headers of the server's answer. */
  public String handshake() {
    return handshake;
  }

  public boolean upgraded() {
    return handshake.startsWith("HTTP/1.1 101");
  }

  /** Says hello, and reads until the welcome. */
  public JsonNode hello(TestAccount testAccount, String deviceId) {
    text(
        JsonTrees.obj(
                "op",
                "hello",
                "id",
                1,
                "token",
                testAccount.accessToken(),
                "device_id",
                deviceId,
                "client",
                "parley-raw/1")
            .toString());
    return await(Frames.op("welcome"));
  }

  // --- out

  public void text(String text) {
    frame(TEXT, true, true, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Sends a text frame with any bytes, UTF-8 or not. */
  public void text(byte[] bytes) {
    frame(TEXT, true, true, bytes);
  }

  public void binary(byte[] bytes) {
    frame(BINARY, true, true, bytes);
  }

  /** Sends a text in pieces: a first frame and continuations. */
  public void fragments(List<byte[]> pieces) {
    for (int i = 0; i < pieces.size(); i++) {
      frame(i == 0 ? TEXT : CONTINUATION, i == pieces.size() - 1, true, pieces.get(i));
    }
  }

  public void frame(int opcode, boolean last, boolean masked, byte[] payload) {
    int length = payload.length;
    int head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
    byte[] bytes = new byte[head + (masked ? 4 : 0) + length];
    bytes[0] = (byte) ((last ? 0x80 : 0) | opcode);
    int mark = masked ? 0x80 : 0;
    if (head == 2) {
      bytes[1] = (byte) (mark | length);
    } else {
      bytes[1] = (byte) (mark | (head == 4 ? 126 : 127));
      for (int i = 0; i < head - 2; i++) {
        bytes[head - 1 - i] = (byte) (i < 4 ? length >>> (8 * i) : 0);
      }
    }
    int at = head;
    byte[] mask = new byte[4];
    if (masked) {
      ThreadLocalRandom.current().nextBytes(mask);
      System.arraycopy(mask, 0, bytes, at, 4);
      at += 4;
    }
    for (int i = 0; i < length; i++) {
      bytes[at + i] = (byte) (payload[i] ^ mask[i & 3]);
    }
    garbage(bytes);
  }

  /** Sends bytes without a frame. */
  public void garbage(byte[] bytes) {
    try {
      out.write(bytes);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  // --- in

  /** The next frame, or null at the end of the connection. */
  public @Nullable Frame read() {
    try {
      int first = in.read();
      if (first < 0) {
        return null;
      }
      long length = in.readUnsignedByte() & 0x7f;
      if (length == 126) {
        length = in.readUnsignedShort();
      } else if (length == 127) {
        length = in.readLong();
      }
      byte[] payload = new byte[Math.toIntExact(length)];
      in.readFully(payload);
      return new Frame(first & 0x0f, (first & 0x80) != 0, payload);
    } catch (SocketTimeoutException e) {
      throw new AssertionError("no frame came", e);
    } catch (EOFException e) {
      return null;
    } catch (IOException e) {
      return null; // A reset ends the connection too.
    }
  }

  /** Reads until a text frame satisfies the predicate. */
  public JsonNode await(Predicate<JsonNode> wanted) {
    StringBuilder seen = new StringBuilder();
    for (Frame frame = read(); frame != null; frame = read()) {
      if (frame.opcode() == TEXT && frame.last()) {
        JsonNode json = frame.json();
        if (wanted.test(json)) {
          return json;
        }
        seen.append('\n').append(json);
      } else {
        seen.append('\n').append(frame.opcode());
      }
    }
    throw new AssertionError("the connection ended; seen:" + seen);
  }

  /** Reads until the end of the connection, and returns the last JSON frame, or a missing node. */
  public JsonNode lastFrame() {
    JsonNode last = JsonTrees.MAPPER.missingNode();
    for (Frame frame = read(); frame != null && frame.opcode() != CLOSE; frame = read()) {
      if (frame.opcode() == TEXT && frame.last()) {
        last = frame.json();
      }
    }
    return last;
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
