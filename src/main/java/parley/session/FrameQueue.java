package parley.session;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Encoded frames that wait for the socket. They leave in batches, one batch at a time. A batch that
 * the socket has been handed and has not passed on still counts as waiting.
 */
final class FrameQueue {
  private static final int BATCH_BYTES = 64 * 1024;
  private static final int BATCH_FRAMES = 128;

  private final ArrayDeque<byte[]> frames = new ArrayDeque<>(4);
  private long queued;
  private long handed;
  private boolean socketWantsMore;

  /**
   * Adds a frame. The queue does not change the array, and the caller must not change it any more.
   */
  void add(byte[] frame) {
    frames.addLast(frame);
    queued += frame.length;
  }

  /** Drops the frames that the socket has not been handed. */
  void clear() {
    frames.clear();
    queued = 0;
  }

  /** The socket has passed on everything and asks for more. */
  void socketWantsMore() {
    socketWantsMore = true;
    handed = 0;
  }

  boolean isEmpty() {
    return frames.isEmpty();
  }

  /** Bytes that wait here or in the socket. */
  long bytes() {
    return queued + handed;
  }

  /** The next batch, or null if the queue is empty or the socket has not asked for one. */
  @Nullable ByteString take() {
    if (!socketWantsMore || frames.isEmpty()) {
      return null;
    }
    List<byte[]> batch = new ArrayList<>(Math.min(frames.size(), BATCH_FRAMES));
    while (!frames.isEmpty() && batch.size() < BATCH_FRAMES && handed < BATCH_BYTES) {
      byte[] frame = frames.removeFirst();
      queued -= frame.length;
      handed += frame.length;
      batch.add(frame);
    }
    socketWantsMore = false;
    return joined(batch, (int) handed);
  }

  // Joins the batch into one array, which the socket passes on in one piece.
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
