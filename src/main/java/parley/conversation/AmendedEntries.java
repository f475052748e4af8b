package parley.conversation;

import java.util.Map;
import java.util.TreeMap;

/**
 * The edited and deleted entries of a conversation. For an edited entry it holds the seq of the
 * newest edit, for a deleted one {@link #DELETED}. At most {@value #CAPACITY}; a conversation that
 * has so many refuses edits and deletes of entries that were not changed before.
 */
final class AmendedEntries {
  static final int CAPACITY = 20_000;
  static final long DELETED = -1;
  static final long NONE = 0;

  private final TreeMap<Long, Long> amended = new TreeMap<>();

  /** The seq of the newest edit, {@link #DELETED} or {@link #NONE}. */
  long of(long seq) {
    Long amendment = amended.get(seq);
    return amendment == null ? NONE : amendment;
  }

  boolean isDeleted(long seq) {
    return of(seq) == DELETED;
  }

  boolean hasRoomFor(long seq) {
    return amended.size() < CAPACITY || amended.containsKey(seq);
  }

  void edited(long target, long edit) {
    if (!isDeleted(target)) {
      amended.put(target, edit);
    }
  }

  void delete(long target) {
    amended.put(target, DELETED);
  }

  int size() {
    return amended.size();
  }

  long[] targets() {
    return amended.keySet().stream().mapToLong(Long::longValue).toArray();
  }

  long[] amendments() {
    return amended.values().stream().mapToLong(Long::longValue).toArray();
  }

  /** The deleted seqs of a range, in ascending order. */
  long[] deletedIn(long from, long to) {
    if (from > to) {
      return new long[0];
    }
    return amended.subMap(from, true, to, true).entrySet().stream()
        .filter(e -> e.getValue() == DELETED)
        .mapToLong(Map.Entry::getKey)
        .toArray();
  }

  static AmendedEntries of(long[] targets, long[] amendments) {
    AmendedEntries all = new AmendedEntries();
    for (int i = 0; i < targets.length; i++) {
      all.amended.put(targets[i], amendments[i]);
    }
    return all;
  }
}
