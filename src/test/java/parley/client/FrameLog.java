package parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The frames of one connection in the order of arrival, and how it ended; any thread may wait for
 * either.
 */
final class FrameLog {
  private final List<JsonNode> frames = new ArrayList<>();
  private @Nullable String closed;

  synchronized void add(JsonNode frame) {
    frames.add(frame);
    notifyAll();
  }

  /** Returns false if it had ended already. */
  synchronized boolean close(String reason) {
    if (closed != null) {
      return false;
    }
    closed = reason;
    notifyAll();
    return true;
  }

  synchronized @Nullable String closed() {
    return closed;
  }

  synchronized int size() {
    return frames.size();
  }

  synchronized List<JsonNode> all() {
    return List.copyOf(frames);
  }

  synchronized JsonNode await(int mark, Predicate<JsonNode> wanted, Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    int next = mark;
    while (true) {
      for (; next < frames.size(); next++) {
        if (wanted.test(frames.get(next))) {
          return frames.get(next);
        }
      }
      long left = (deadline - System.nanoTime()) / 1_000_000;
      if (left <= 0 || closed != null) {
        List<JsonNode> last = frames.subList(Math.max(mark, frames.size() - 8), frames.size());
        throw new AssertionError("the frame did not come; closed: " + closed + "; last: " + last);
      }
      pause(left);
    }
  }

  synchronized String awaitClosed(Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (closed == null) {
      long left = (deadline - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        throw new AssertionError("the connection did not end");
      }
      pause(left);
    }
    return closed;
  }

  @SuppressWarnings("WaitNotInLoop") // the callers loop
  private void pause(long millis) {
    try {
      wait(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }
}
