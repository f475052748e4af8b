package parley.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.util.ByteString;
import parley.client.RawSocket;

/** The other side of the codec: what a client writes, and what it reads. */
public final class ClientBytes {
  private static final byte[] MASK = {0x12, (byte) 0x9a, 0x56, (byte) 0xfe};

  /** A frame that was read. */
  @SuppressWarnings("ArrayRecordComponent") // Nobody compares frames.
  public record Frame(int opcode, byte[] payload) {
    public String text() {
      return new String(payload, StandardCharsets.UTF_8);
    }
  }

  private ClientBytes() {}

  /** A whole text message of a client. */
  public static ByteString text(String text) {
    return frame(true, RawSocket.TEXT, text);
  }

  /** A frame of a client. */
  public static ByteString frame(boolean fin, int opcode, String text) {
    return frame(fin, opcode, text.getBytes(StandardCharsets.UTF_8));
  }

  public static ByteString frame(boolean fin, int opcode, byte[] payload) {
    var out = new ByteArrayOutputStream();
    out.writeBytes(header((fin ? 0x80 : 0) | opcode, payload.length, true));
    for (int i = 0; i < payload.length; i++) {
      out.write(payload[i] ^ MASK[i & 3]);
    }
    return ByteString.fromArray(out.toByteArray());
  }

  /** Only the header, of a frame of this length. */
  public static byte[] header(int first, long length, boolean masked) {
    int mask = masked ? 0x80 : 0;
    ByteBuffer header = ByteBuffer.allocate(14);
    header.put((byte) first);
    if (length <= 125) {
      header.put((byte) (mask | length));
    } else if (length <= 0xffff) {
      header.put((byte) (mask | 126)).putShort((short) length);
    } else {
      header.put((byte) (mask | 127)).putLong(length);
    }
    if (masked) {
      header.put(MASK);
    }
    byte[] bytes = new byte[header.position()];
    header.flip().get(bytes);
    return bytes;
  }

  /** The frames of a server, whole and not masked. */
  public static List<Frame> read(ByteString bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes.toArray());
    List<Frame> frames = new ArrayList<>();
    while (in.hasRemaining()) {
      int first = in.get() & 0xff;
      assertThat(first & 0xf0).isEqualTo(0x80);
      int length = in.get() & 0xff;
      if (length == 126) {
        length = in.getShort() & 0xffff;
        assertThat(length).isGreaterThan(125);
      } else if (length == 127) {
        length = Math.toIntExact(in.getLong());
        assertThat(length).isGreaterThan(0xffff);
      }
      byte[] payload = new byte[length];
      in.get(payload);
      frames.add(new Frame(first & 0x0f, payload));
    }
    return frames;
  }

  /** The texts among the frames of a server. */
  public static List<String> texts(ByteString bytes) {
    return read(bytes).stream().filter(f -> f.opcode() == RawSocket.TEXT).map(Frame::text).toList();
  }
}
