package parley.user;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Things to tell others who may not hear: in bounded batches, again after growing pauses, until
 * confirmed or given up. Kept in memory; whoever uses it can make it anew from durable state.
 *
 * @param <K> what is to be told
 */
final class RetryQueue<K> {
  private static final int ATTEMPTS = 5;

  private record Try(int told, long due) {}

  private final long pauseMillis;
  private final int batch;
  private final Map<K, Try> waiting = new LinkedHashMap<>();
  private boolean gaveUp;

  /**
   * Nothing to tell yet.
   *
   * @param pauseMillis before the first repetition; doubles with each
   * @param batch most to be told at once: a thousand conversations are not woken in one breath
   */
  RetryQueue(long pauseMillis, int batch) {
    this.pauseMillis = pauseMillis;
    this.batch = batch;
  }

  /** It is to be told, from now on with all attempts. */
  void offer(K key, long now) {
    waiting.put(key, new Try(0, now));
  }

  /** Whether it is to be told, for the first time or again. */
  boolean contains(K key) {
    return waiting.containsKey(key);
  }

  /** It has been heard, if it was told at all. */
  void confirm(K key) {
    waiting.computeIfPresent(key, (k, t) -> t.told() > 0 ? null : t);
  }

  /** It needs no telling any more. */
  void drop(K key) {
    waiting.remove(key);
  }

  /** What is due, at most one batch; counted as told. */
  List<K> due(long now) {
    List<K> due = new ArrayList<>();
    List<K> over = new ArrayList<>();
    for (Map.Entry<K, Try> e : waiting.entrySet()) {
      if (e.getValue().due() > now) {
        continue;
      }
      if (e.getValue().told() >= ATTEMPTS) {
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
          key, (k, t) -> new Try(t.told() + 1, now + (pauseMillis << t.told())));
    }
    return due;
  }

  /** When something is due next; {@link Long#MAX_VALUE} is never. */
  long nextDue() {
    long next = Long.MAX_VALUE;
    for (Try t : waiting.values()) {
      next = Math.min(next, t.due());
    }
    return next;
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** Whether everything was confirmed. */
  boolean complete() {
    return waiting.isEmpty() && !gaveUp;
  }

  /** Start over: what was given up counts no more. */
  void clear() {
    waiting.clear();
    gaveUp = false;
  }
}
