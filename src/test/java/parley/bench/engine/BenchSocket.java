package parley.bench.engine;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A minimal WebSocket. Written frames are gathered and sent when the {@link EventLoop} has handled
 * all input. Received frames are passed on one by one from the loop's single buffer. An idle socket
 * holds almost no memory.
 */
public final class BenchSocket {
  /** Who uses it. Called on the loop's thread. */
  public interface User {
    /** The upgrade is done. */
    void opened();

    /** A text frame; the bytes are good only during the call. */
    public void text(byte[] bytes, int start, int end);

    /** All that had arrived has been handed on. */
    void drained();

    /** It is over, whoever ended it. */
    void closed(String why);
  }

  private static final byte[] NOTHING = {};
  private static final int MASK = 0x5ca1ab1e;

  private final EventLoop eventLoop;
  private final User user;
  private final InetSocketAddress to;
  private final SocketChannel channel;
  private final SelectionKey key;
  private byte[] rest = NOTHING;
  private byte[] out = NOTHING;
  private int outStart;
  private int outEnd;
  private boolean upgraded;
  private boolean dirty;
  private boolean over;

  private BenchSocket(
      EventLoop eventLoop,
      User user,
      InetSocketAddress to,
      SocketChannel channel,
      SelectionKey key) {
    this.eventLoop = eventLoop;
    this.user = user;
    this.to = to;
    this.channel = channel;
    this.key = key;
  }

  /**
   * Begins to connect.
   *
   * @param from the address to connect from, null for any
   */
  public static BenchSocket connect(
      EventLoop eventLoop, User user, InetSocketAddress to, @Nullable InetSocketAddress from)
      throws IOException {
    SocketChannel channel = SocketChannel.open();
    channel.configureBlocking(false);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    if (from != null) {
      channel.bind(from);
    }
    boolean done = channel.connect(to);
    SelectionKey key =
        eventLoop.register(channel, done ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT);
    BenchSocket benchSocket = new BenchSocket(eventLoop, user, to, channel, key);
    key.attach(benchSocket);
    if (done) {
      benchSocket.upgrade();
    }
    return benchSocket;
  }

  /** Something can be done with it. */
  void ready() {
    try {
      if (key.isConnectable()) {
        channel.finishConnect();
        key.interestOps(SelectionKey.OP_READ);
        upgrade();
      }
      if (key.isValid() && key.isReadable()) {
        read();
      }
      if (key.isValid() && key.isWritable()) {
        flush();
      }
    } catch (IOException e) {
      over("failed: " + e.getMessage());
    }
  }

  private void upgrade() {
    append(
        FrameText.ascii(
            "GET /v1/ws HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: cGFybGV5LWJlbmNoLWxvYQ==\r\nSec-WebSocket-Protocol: parley.v1\r\n\r\n"
                .formatted(to.getAddress().getHostAddress(), to.getPort())));
  }

  private void read() throws IOException {
    ByteBuffer in = eventLoop.input();
    in.clear();
    in.put(rest);
    rest = NOTHING;
    int got = channel.read(in);
    if (got < 0) {
      over("closed by the other side");
      return;
    }
    byte[] bytes = eventLoop.inputBytes();
    int end = in.position();
    int at = upgraded ? 0 : head(bytes, end);
    while (!over) {
      int next = frame(bytes, at, end);
      if (next == at) {
        break;
      }
      at = next;
    }
    if (over) {
      return;
    }
    if (at < end) {
      if (at == 0 && end == bytes.length) {
        throw new IOException("a frame larger than " + end + " bytes");
      }
      rest = Arrays.copyOfRange(bytes, at, end);
    }
    user.drained();
  }

  private int head(byte[] bytes, int end) throws IOException {
    for (int i = 3; i < end; i++) {
      if (bytes[i] == '\n' && bytes[i - 2] == '\n') {
        if (!new String(bytes, 0, 12, StandardCharsets.US_ASCII).equals("HTTP/1.1 101")) {
          throw new IOException(new String(bytes, 0, i, StandardCharsets.US_ASCII));
        }
        upgraded = true;
        user.opened();
        return i + 1;
      }
    }
    return 0;
  }

  /** Where the frame that starts here ends; the same place where it is not whole. */
  private int frame(byte[] bytes, int at, int end) throws IOException {
    if (!upgraded || end - at < 2) {
      return at;
    }
    int head = 2;
    long length = bytes[at + 1] & 0x7f;
    if (length == 126) {
      head = 4;
    } else if (length == 127) {
      head = 10;
    }
    if (end - at < head) {
      return at;
    }
    if (head > 2) {
      length = 0;
      for (int i = 2; i < head; i++) {
        length = length << 8 | (bytes[at + i] & 0xff);
      }
    }
    if (end - at - head < length) {
      return at;
    }
    int start = at + head;
    int stop = start + (int) length;
    switch (bytes[at] & 0xff) {
      case 0x81 -> user.text(bytes, start, stop);
      case 0x89 -> frame(0x8a, bytes, start, (int) length);
      case 0x8a -> {}
      case 0x88 -> over("closed by a close frame");
      default -> throw new IOException("a frame of kind " + (bytes[at] & 0xff));
    }
    return stop;
  }

  public void text(FrameText frameText) {
    frame(0x81, frameText.bytes(), 0, frameText.length());
  }

  public void text(byte[] payload) {
    frame(0x81, payload, 0, payload.length);
  }

  private void frame(int kind, byte[] payload, int start, int length) {
    if (over) {
      return;
    }
    room(length + 14);
    out[outEnd++] = (byte) kind;
    if (length < 126) {
      out[outEnd++] = (byte) (0x80 | length);
    } else if (length < 65_536) {
      out[outEnd++] = (byte) (0x80 | 126);
      out[outEnd++] = (byte) (length >>> 8);
      out[outEnd++] = (byte) length;
    } else {
      throw new IllegalArgumentException("no frame may be that long");
    }
    for (int shift = 24; shift >= 0; shift -= 8) {
      out[outEnd++] = (byte) (MASK >>> shift);
    }
    for (int i = 0; i < length; i++) {
      out[outEnd + i] = (byte) (payload[start + i] ^ (MASK >>> (24 - 8 * (i & 3))));
    }
    outEnd += length;
    soil();
  }

  private void append(byte[] bytes) {
    room(bytes.length);
    System.arraycopy(bytes, 0, out, outEnd, bytes.length);
    outEnd += bytes.length;
    soil();
  }

  private void room(int more) {
    if (outEnd + more > out.length) {
      int waiting = outEnd - outStart;
      byte[] larger = new byte[Math.max(512, 2 * (waiting + more))];
      System.arraycopy(out, outStart, larger, 0, waiting);
      out = larger;
      outStart = 0;
      outEnd = waiting;
    }
  }

  private void soil() {
    if (!dirty) {
      dirty = true;
      eventLoop.dirty(this);
    }
  }

  /** Writes what was gathered, as far as the kernel takes it. */
  void flush() {
    dirty = false;
    if (over || outEnd == outStart) {
      return;
    }
    try {
      ByteBuffer direct = eventLoop.output();
      while (outStart < outEnd) {
        int piece = Math.min(outEnd - outStart, direct.capacity());
        direct.clear().put(out, outStart, piece).flip();
        int written = channel.write(direct);
        outStart += written;
        if (written < piece) {
          key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
          return;
        }
      }
      outStart = 0;
      outEnd = 0;
      if (out.length > 4096) {
        out = NOTHING;
      }
      if (key.interestOps() != SelectionKey.OP_READ) {
        key.interestOps(SelectionKey.OP_READ);
      }
    } catch (IOException e) {
      over("failed: " + e.getMessage());
    }
  }

  /** Closes the connection without a close frame. */
  void close() {
    over("closed by this side");
  }

  private void over(String why) {
    if (over) {
      return;
    }
    over = true;
    key.cancel();
    try {
      channel.close();
    } catch (IOException e) {
      // It is over either way.
    }
    user.closed(why);
  }
}
