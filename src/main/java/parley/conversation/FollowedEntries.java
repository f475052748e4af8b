package parley.conversation;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;
import parley.model.EntryTrace;

/**
 * The traced entries of one write on their way to the users. A trace ends at a bound: it follows a
 * message to a few of many recipients, and of a large batch only the first entries go on.
 */
final class FollowedEntries {
  /** The most entries of one write that are followed to the recipients. */
  static final int MAX_ENTRIES = 16;

  /** The most users to whom they are followed. */
  static final int MAX_USERS = 16;

  /** No entry is traced. */
  static final FollowedEntries NONE = new FollowedEntries(List.of());

  private final List<EntryTrace> traces;
  private int users;

  FollowedEntries(List<EntryTrace> traces) {
    this.traces = List.copyOf(traces);
  }

  /** The traces for a message with these entries to one more user; null if there are none. */
  @Nullable List<EntryTrace> tracesFor(List<Entry> entries) {
    if (traces.isEmpty() || entries.isEmpty() || users >= MAX_USERS) {
      return null;
    }
    long first = entries.getFirst().seq();
    long last = entries.getLast().seq();
    List<EntryTrace> those = new ArrayList<>();
    for (EntryTrace one : traces) {
      if (one.seq() >= first && one.seq() <= last) {
        those.add(one);
      }
    }
    if (those.isEmpty()) {
      return null;
    }
    users++;
    return those;
  }
}
