package parley.session;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * What waits for the socket, counted in bytes of UTF-8. Frames leave in batches, one at a time:
 * what the socket has been handed and has not passed on counts as waiting.
 */
final class Outbox {
  private static final int BATCH_BYTES = 64 * 1024;
  private static final int BATCH_FRAMES = 128;

  private final ArrayDeque<String> frames = new ArrayDeque<>(4);
  private long queued;
  private long handed;
  private boolean wanted;

  /** Adds a frame. */
  void add(String frame) {
    frames.addLast(frame);
    queued += utf8Length(frame);
  }

  /** Forgets what the socket has not been handed. */
  void clear() {
    frames.clear();
    queued = 0;
  }

  /** The socket has passed on everything and takes more. */
  void wanted() {
    wanted = true;
    handed = 0;
  }

  boolean isEmpty() {
    return frames.isEmpty();
  }

  /** Bytes that have not left. */
  long bytes() {
    return queued + handed;
  }

  /** The next batch, or none if the socket takes none or there is nothing. */
  List<String> take() {
    if (!wanted || frames.isEmpty()) {
      return List.of();
    }
    List<String> batch = new ArrayList<>(Math.min(frames.size(), BATCH_FRAMES));
    while (!frames.isEmpty() && batch.size() < BATCH_FRAMES && handed < BATCH_BYTES) {
      String frame = frames.removeFirst();
      int length = utf8Length(frame);
      queued -= length;
      handed += length;
      batch.add(frame);
    }
    wanted = false;
    return batch;
  }

  /** The length of a text in UTF-8, without encoding it. */
  static int utf8Length(String text) {
    int length = text.length();
    int bytes = length;
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (c >= 0x800 && !Character.isSurrogate(c)) {
        bytes += 2;
      } else if (c >= 0x80) {
        // A pair of surrogates is two chars and four bytes.
        bytes++;
      }
    }
    return bytes;
  }
}
