package parley.conversation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;
import parley.model.Limits;

/**
 * The newest entries of the log in memory, as they were written and without holes: at most {@value
 * #ENTRIES} and about {@value #BYTES} bytes, but always at least one if the log has any.
 */
final class RecentEntries {
  /**
   * Twice the send window of a connection. A connection whose window is full finds the following
   * entries in memory, as long as entries are small.
   */
  static final int ENTRIES = 2 * Limits.WINDOW;

  static final int BYTES = 256 * 1024;

  /** Most entries in a snapshot: enough for the first page, and small enough for any store. */
  static final int STORED_ENTRIES = 64;

  static final int STORED_BYTES = 64 * 1024;

  private final ArrayDeque<Entry> entries = new ArrayDeque<>();
  private long bytes;

  void add(Entry entry) {
    entries.addLast(entry);
    bytes += EntrySize.storedBytes(entry);
    while (entries.size() > 1 && (entries.size() > ENTRIES || bytes > BYTES)) {
      bytes -= EntrySize.storedBytes(entries.removeFirst());
    }
  }

  /** The lowest seq in memory, or {@link Long#MAX_VALUE} if there is none. */
  long firstSeq() {
    return entries.isEmpty() ? Long.MAX_VALUE : entries.getFirst().seq();
  }

  @Nullable Entry get(long seq) {
    if (entries.isEmpty() || seq < firstSeq() || seq > entries.getLast().seq()) {
      return null;
    }
    // Entries near the end are asked for more often than those near the start.
    Iterator<Entry> fromEnd = entries.descendingIterator();
    while (fromEnd.hasNext()) {
      Entry entry = fromEnd.next();
      if (entry.seq() == seq) {
        return entry;
      }
    }
    return null;
  }

  /** The entries of the range that are in memory, in ascending order. */
  List<Entry> range(long from, long to) {
    ArrayList<Entry> found = new ArrayList<>();
    for (Entry entry : entries) {
      if (entry.seq() > to) {
        break;
      }
      if (entry.seq() >= from) {
        found.add(entry);
      }
    }
    return found;
  }

  Iterator<Entry> newestFirst() {
    return entries.descendingIterator();
  }

  /** About the size of {@link #toStore}. */
  long storedBytes() {
    int size = entries.size();
    long some = size <= STORED_ENTRIES ? bytes : bytes * STORED_ENTRIES / size;
    return Math.min(some, STORED_BYTES);
  }

  List<Entry> toStore() {
    ArrayDeque<Entry> kept = new ArrayDeque<>();
    long room = STORED_BYTES;
    Iterator<Entry> fromEnd = entries.descendingIterator();
    while (fromEnd.hasNext() && kept.size() < STORED_ENTRIES) {
      Entry entry = fromEnd.next();
      room -= EntrySize.storedBytes(entry);
      if (room < 0 && !kept.isEmpty()) {
        break;
      }
      kept.addFirst(entry);
    }
    return List.copyOf(kept);
  }
}
