package parley.user;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Messages to recipients that may not receive them. They are sent in bounded batches and repeated
 * after growing pauses until they are confirmed or given up. Kept in memory; the owner can build
 * the queue again from durable state.
 *
 * @param <K> the key of a message
 */
final class RetryQueue<K> {
  private static final int ATTEMPTS = 5;

  private record Attempts(int sent, long due) {}

  private final long pauseMillis;
  private final int batch;
  private final Map<K, Attempts> waiting = new LinkedHashMap<>();
  private boolean gaveUp;

  /**
   * Creates an empty queue.
   *
   * @param pauseMillis the pause before the first repetition; it doubles with each further one
   * @param batch the most messages of one batch, so that a thousand conversations are not loaded at
   *     once
   */
  RetryQueue(long pauseMillis, int batch) {
    this.pauseMillis = pauseMillis;
    this.batch = batch;
  }

  /** Adds a message, or starts its attempts again. */
  void offer(K key, long now) {
    waiting.put(key, new Attempts(0, now));
  }

  /** Whether the message is in the queue, for a first attempt or a repetition. */
  boolean contains(K key) {
    return waiting.containsKey(key);
  }

  /** Confirms the message, if it was sent at least once. */
  void confirm(K key) {
    waiting.computeIfPresent(key, (k, t) -> t.sent() > 0 ? null : t);
  }

  /** Removes a message that is not needed any more. */
  void drop(K key) {
    waiting.remove(key);
  }

  /** The messages that are due, at most one batch. They count as sent. */
  List<K> due(long now) {
    List<K> due = new ArrayList<>();
    List<K> over = new ArrayList<>();
    for (Map.Entry<K, Attempts> e : waiting.entrySet()) {
      if (e.getValue().due() > now) {
        continue;
      }
      if (e.getValue().sent() >= ATTEMPTS) {
        over.add(e.getKey());
      } else if (due.size() < batch) {
        due.add(e.getKey());
      }
    }
    for (K key : over) {
      waiting.remove(key);
      gaveUp = true;
    }
    for (K key : due) {
      waiting.computeIfPresent(
          key, (k, t) -> new Attempts(t.sent() + 1, now + (pauseMillis << t.sent())));
    }
    return due;
  }

  /** When the next message is due, epoch milliseconds; {@link Long#MAX_VALUE} is never. */
  long nextDue() {
    long next = Long.MAX_VALUE;
    for (Attempts t : waiting.values()) {
      next = Math.min(next, t.due());
    }
    return next;
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** Whether every message was confirmed or dropped, and none was given up. */
  boolean complete() {
    return waiting.isEmpty() && !gaveUp;
  }

  /** Empties the queue, and forgets that messages were given up. */
  void clear() {
    waiting.clear();
    gaveUp = false;
  }
}
