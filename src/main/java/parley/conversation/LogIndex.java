package parley.conversation;

import java.util.Arrays;

/**
 * A sparse index from the seq of an entry to the number of its event. An event may hold several
 * entries or none, so the two numbers differ. A checkpoint is kept about every {@code stride}
 * entries. When there are {@value #CAPACITY}, every second one is dropped and the stride doubles.
 * So the index stays small, and a look-up reads too much by at most a thousandth of the log.
 */
final class LogIndex {
  /** Most checkpoints. */
  static final int CAPACITY = 1_024;

  private static final int FIRST_STRIDE = 8;

  private long[] seqs = new long[16];
  private long[] events = new long[16];
  private long[] times = new long[16];
  private int size;
  private long stride = FIRST_STRIDE;

  /**
   * Notes that the event numbered {@code event} begins with the entry {@code seq}, written at
   * {@code time}.
   */
  void note(long seq, long event, long time) {
    if (size > 0 && seq < seqs[size - 1] + stride) {
      return;
    }
    if (size == CAPACITY) {
      thin();
      if (seq < seqs[size - 1] + stride) {
        return;
      }
    }
    if (size == seqs.length) {
      seqs = Arrays.copyOf(seqs, size * 2);
      events = Arrays.copyOf(events, size * 2);
      times = Arrays.copyOf(times, size * 2);
    }
    seqs[size] = seq;
    events[size] = event;
    times[size] = time;
    size++;
  }

  /** The number of checkpoints. */
  int size() {
    return size;
  }

  private void thin() {
    int kept = 0;
    for (int i = 0; i < size; i += 2) {
      seqs[kept] = seqs[i];
      events[kept] = events[i];
      times[kept] = times[i];
      kept++;
    }
    size = kept;
    stride *= 2;
  }

  /** The number of an event at or before the one that holds {@code seq}. */
  long eventAtOrBefore(long seq) {
    int at = lastAtMost(seqs, seq);
    return at < 0 ? 1 : events[at];
  }

  /** The number of an event after the one that holds {@code seq}, or {@link Long#MAX_VALUE}. */
  long eventAfter(long seq) {
    int at = lastAtMost(seqs, seq) + 1;
    return at < size ? events[at] : Long.MAX_VALUE;
  }

  /** A seq before which every entry was written before {@code time}. */
  long seqBeforeTime(long time) {
    int at = lastAtMost(times, time - 1);
    return at < 0 ? 1 : seqs[at];
  }

  /**
   * A time at or after that of entry {@code seq}, or {@link Long#MAX_VALUE} if no checkpoint
   * follows it.
   */
  long timeAtOrAfter(long seq) {
    int at = lastAtMost(seqs, seq);
    if (at >= 0 && seqs[at] == seq) {
      return times[at];
    }
    return at + 1 < size ? times[at + 1] : Long.MAX_VALUE;
  }

  /** The last position whose value is at most {@code value}, or -1. Values never decrease. */
  private int lastAtMost(long[] values, long value) {
    int low = 0;
    int high = size;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (values[middle] <= value) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - 1;
  }

  long[] seqs() {
    return Arrays.copyOf(seqs, size);
  }

  long[] events() {
    return Arrays.copyOf(events, size);
  }

  long[] times() {
    return Arrays.copyOf(times, size);
  }

  long stride() {
    return stride;
  }

  static LogIndex of(long[] seqs, long[] events, long[] times, long stride) {
    LogIndex index = new LogIndex();
    index.size = seqs.length;
    int room = Math.max(16, seqs.length);
    index.seqs = Arrays.copyOf(seqs, room);
    index.events = Arrays.copyOf(events, room);
    index.times = Arrays.copyOf(times, room);
    index.stride = Math.max(FIRST_STRIDE, stride);
    return index;
  }
}
