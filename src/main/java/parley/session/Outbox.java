package parley.session;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * What waits for the socket, in frames as they go over the wire. They leave as soon as they come,
 * as long as less than {@link #WINDOW} bytes are on their way: handed to the socket, and not told
 * to have been passed on. Those count as waiting too.
 */
final class Outbox {
  /** Bytes on their way at which nothing more is handed over. */
  static final int WINDOW = 64 * 1024;

  private final ArrayDeque<byte[]> frames = new ArrayDeque<>(4);
  private long queued;
  private long handed;

  /** Adds a frame. The array is not changed, and must not be any more. */
  void add(byte[] frame) {
    frames.addLast(frame);
    queued += frame.length;
  }

  /** Forgets what the socket has not been handed. */
  void clear() {
    frames.clear();
    queued = 0;
  }

  /** The socket has passed on so many bytes of what it was handed. */
  void passed(long bytes) {
    handed -= bytes;
  }

  boolean isEmpty() {
    return frames.isEmpty();
  }

  /** Bytes that have not left. */
  long bytes() {
    return queued + handed;
  }

  /** All that may leave now, or null if that is nothing. */
  @Nullable ByteString take() {
    if (handed >= WINDOW || frames.isEmpty()) {
      return null;
    }
    List<byte[]> batch = new ArrayList<>(Math.min(frames.size(), 128));
    int length = 0;
    while (!frames.isEmpty() && handed < WINDOW) {
      byte[] frame = frames.removeFirst();
      queued -= frame.length;
      handed += frame.length;
      length += frame.length;
      batch.add(frame);
    }
    return joined(batch, length);
  }

  // One array: the socket passes it on in one piece.
  private static ByteString joined(List<byte[]> frames, int length) {
    if (frames.size() == 1) {
      return ByteString.fromArrayUnsafe(frames.getFirst());
    }
    byte[] all = new byte[length];
    int at = 0;
    for (byte[] frame : frames) {
      System.arraycopy(frame, 0, all, at, frame.length);
      at += frame.length;
    }
    return ByteString.fromArrayUnsafe(all);
  }
}
