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
 * A minimal WebSocket client. Outgoing frames are buffered and written after the {@link EventLoop}
 * has handled all input. Incoming frames are passed on one by one from the loop's shared buffer. So
 * an idle socket holds almost no memory.
 */
public final class BenchSocket {
  /** The owner of the socket. Called on the loop's thread. */
  public interface Listener {
    /** Called after the upgrade. */
    void opened();

    /** Called for a text frame. The bytes are valid only during the call. */
    public void textReceived(byte[] bytes, int start, int end);

    /** Called after all frames that have arrived were passed on. */
    void inputDrained();

    /** Called at the end of the connection, whichever side ended it. */
    void closed(String why);
  }

  private static final byte[] EMPTY = {};
  private static final int MASK = 0x5ca1ab1e;

  private final EventLoop eventLoop;
  private final Listener listener;
  private final InetSocketAddress to;
  private final SocketChannel channel;
  private final SelectionKey key;
  private byte[] incomplete = EMPTY;
  private byte[] out = EMPTY;
  private int outStart;
  private int outEnd;
  private boolean upgraded;
  private boolean flushRequested;
  private boolean ended;

  private BenchSocket(
      EventLoop eventLoop,
      Listener listener,
      InetSocketAddress to,
      SocketChannel channel,
      SelectionKey key) {
    this.eventLoop = eventLoop;
    this.listener = listener;
    this.to = to;
    this.channel = channel;
    this.key = key;
  }

  /**
   * Starts to connect.
   *
   * @param from the local address; null for any
   */
  public static BenchSocket connect(
      EventLoop eventLoop,
      Listener listener,
      InetSocketAddress to,
      @Nullable InetSocketAddress from)
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
    BenchSocket benchSocket = new BenchSocket(eventLoop, listener, to, channel, key);
    key.attach(benchSocket);
    if (done) {
      benchSocket.upgrade();
    }
    return benchSocket;
  }

  /** Handles the events of the selector. */
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
      endConnection("failed: " + e.getMessage());
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
    in.put(incomplete);
    incomplete = EMPTY;
    int got = channel.read(in);
    if (got < 0) {
      endConnection("closed by the other side");
      return;
    }
    byte[] bytes = eventLoop.inputBytes();
    int end = in.position();
    int at = upgraded ? 0 : readUpgradeResponse(bytes, end);
    while (!ended) {
      int next = readFrame(bytes, at, end);
      if (next == at) {
        break;
      }
      at = next;
    }
    if (ended) {
      return;
    }
    if (at < end) {
      if (at == 0 && end == bytes.length) {
        throw new IOException("a frame larger than " + end + " bytes");
      }
      incomplete = Arrays.copyOfRange(bytes, at, end);
    }
    listener.inputDrained();
  }

  private int readUpgradeResponse(byte[] bytes, int end) throws IOException {
    for (int i = 3; i < end; i++) {
      if (bytes[i] == '\n' && bytes[i - 2] == '\n') {
        if (!new String(bytes, 0, 12, StandardCharsets.US_ASCII).equals("HTTP/1.1 101")) {
          throw new IOException(new String(bytes, 0, i, StandardCharsets.US_ASCII));
        }
        upgraded = true;
        listener.opened();
        return i + 1;
      }
    }
    return 0;
  }

  /**
   * Handles the frame at {@code at} and returns its end; returns {@code at} if the frame is
   * incomplete.
   */
  private int readFrame(byte[] bytes, int at, int end) throws IOException {
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
      case 0x81 -> listener.textReceived(bytes, start, stop);
      case 0x89 -> appendFrame(0x8a, bytes, start, (int) length);
      case 0x8a -> {}
      case 0x88 -> endConnection("closed by a close frame");
      default -> throw new IOException("a frame of kind " + (bytes[at] & 0xff));
    }
    return stop;
  }

  public void sendText(FrameText frameText) {
    appendFrame(0x81, frameText.bytes(), 0, frameText.length());
  }

  public void sendText(byte[] payload) {
    appendFrame(0x81, payload, 0, payload.length);
  }

  private void appendFrame(int kind, byte[] payload, int start, int length) {
    if (ended) {
      return;
    }
    ensureCapacity(length + 14);
    out[outEnd++] = (byte) kind;
    if (length < 126) {
      out[outEnd++] = (byte) (0x80 | length);
    } else if (length < 65_536) {
      out[outEnd++] = (byte) (0x80 | 126);
      out[outEnd++] = (byte) (length >>> 8);
      out[outEnd++] = (byte) length;
    } else {
      throw new IllegalArgumentException("frame too long: " + length);
    }
    for (int shift = 24; shift >= 0; shift -= 8) {
      out[outEnd++] = (byte) (MASK >>> shift);
    }
    for (int i = 0; i < length; i++) {
      out[outEnd + i] = (byte) (payload[start + i] ^ (MASK >>> (24 - 8 * (i & 3))));
    }
    outEnd += length;
    requestFlush();
  }

  private void append(byte[] bytes) {
    ensureCapacity(bytes.length);
    System.arraycopy(bytes, 0, out, outEnd, bytes.length);
    outEnd += bytes.length;
    requestFlush();
  }

  private void ensureCapacity(int more) {
    if (outEnd + more > out.length) {
      int waiting = outEnd - outStart;
      byte[] larger = new byte[Math.max(512, 2 * (waiting + more))];
      System.arraycopy(out, outStart, larger, 0, waiting);
      out = larger;
      outStart = 0;
      outEnd = waiting;
    }
  }

  private void requestFlush() {
    if (!flushRequested) {
      flushRequested = true;
      eventLoop.requestFlush(this);
    }
  }

  /** Writes the buffered bytes, as many as the kernel accepts. */
  void flush() {
    flushRequested = false;
    if (ended || outEnd == outStart) {
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
        out = EMPTY;
      }
      if (key.interestOps() != SelectionKey.OP_READ) {
        key.interestOps(SelectionKey.OP_READ);
      }
    } catch (IOException e) {
      endConnection("failed: " + e.getMessage());
    }
  }

  /** Closes the connection without a close frame. */
  void close() {
    endConnection("closed by this side");
  }

  private void endConnection(String why) {
    if (ended) {
      return;
    }
    ended = true;
    key.cancel();
    try {
      channel.close();
    } catch (IOException e) {
      // The connection has ended either way.
    }
    listener.closed(why);
  }
}
