package parley.conversation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;
import parley.model.Limits;

/**
 * The newest entries as they were written, without holes up to the end of the log: at most {@value
 * #ENTRIES} and about {@value #BYTES} bytes, and always at least one if there is any.
 */
final class RecentEntries {
  /**
   * Two windows: who waits for room in a full one finds what comes next in memory, as long as
   * entries are small.
   */
  static final int ENTRIES = 2 * Limits.WINDOW;

  static final int BYTES = 256 * 1024;

  /** What goes into a snapshot: enough for the first page and small enough for any store. */
  private static final int STORED_ENTRIES = 64;

  private static final int STORED_BYTES = 64 * 1024;

  private final ArrayDeque<Entry> entries = new ArrayDeque<>();
  private long bytes;

  void add(Entry entry) {
    entries.addLast(entry);
    bytes += EntrySize.stored(entry);
    while (entries.size() > 1 && (entries.size() > ENTRIES || bytes > BYTES)) {
      bytes -= EntrySize.stored(entries.removeFirst());
    }
  }

  /** The lowest seq it holds, or {@link Long#MAX_VALUE} if it is empty. */
  long firstSeq() {
    return entries.isEmpty() ? Long.MAX_VALUE : entries.getFirst().seq();
  }

  @Nullable Entry get(long seq) {
    if (entries.isEmpty() || seq < firstSeq() || seq > entries.getLast().seq()) {
      return null;
    }
    // A page is read from its end more often than from its start.
    Iterator<Entry> fromEnd = entries.descendingIterator();
    while (fromEnd.hasNext()) {
      Entry entry = fromEnd.next();
      if (entry.seq() == seq) {
        return entry;
      }
    }
    return null;
  }

  /** Those of the range it holds, ascending. */
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

  /** From the newest to the oldest. */
  Iterator<Entry> newestFirst() {
    return entries.descendingIterator();
  }

  List<Entry> toStore() {
    ArrayDeque<Entry> kept = new ArrayDeque<>();
    long room = STORED_BYTES;
    Iterator<Entry> fromEnd = entries.descendingIterator();
    while (fromEnd.hasNext() && kept.size() < STORED_ENTRIES) {
      Entry entry = fromEnd.next();
      room -= EntrySize.stored(entry);
      if (room < 0 && !kept.isEmpty()) {
        break;
      }
      kept.addFirst(entry);
    }
    return List.copyOf(kept);
  }
}
