package parley.conversation;

import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.serial.Wire;

/** Estimates the size of an entry in bytes. The bounds of batches, memory and pages use it. */
final class EntrySize {
  private static final int ENTRY = 200;
  private static final int USER = 70;

  private EntrySize() {}

  /** The size in a journal or a snapshot. */
  static long storedBytes(Entry entry) {
    return weight(entry, false);
  }

  /** The size as JSON for a client, where a control character takes six bytes. */
  static long jsonBytes(Entry entry) {
    return weight(entry, true);
  }

  private static long weight(Entry entry, boolean json) {
    return ENTRY
        + switch (entry.body()) {
          case EntryBody.Text text -> text(text.content(), json) + users(text.mentions());
          case EntryBody.Edit edit -> text(edit.content(), json);
          case EntryBody.Reaction reaction -> text(reaction.reaction(), json);
          case EntryBody.GroupCreated created ->
              text(created.name(), json)
                  + text(created.avatarUrl(), json)
                  + users(created.memberIds());
          case EntryBody.MembersAdded added -> users(added.memberIds());
          case EntryBody.GroupChanged changed ->
              text(changed.name(), json) + text(changed.avatarUrl(), json);
          case EntryBody.Delete delete -> USER;
          case EntryBody.MemberRemoved removed -> USER;
          case EntryBody.RoleChanged changed -> USER;
        };
  }

  private static long users(@Nullable List<?> users) {
    return users == null ? 0 : (long) USER * users.size();
  }

  private static long text(@Nullable String s, boolean json) {
    if (s == null) {
      return 0;
    }
    long bytes = 0;
    for (int i = 0; i < s.length(); i++) {
      char c = s.charAt(i);
      if (c < 0x20) {
        bytes += json ? 6 : 1;
      } else if (c < 0x80) {
        bytes += json && (c == '"' || c == '\\') ? 2 : 1;
      } else {
        bytes += c < 0x800 ? 2 : 3;
      }
    }
    return bytes;
  }

  /** As many of the first entries as fit into one message between nodes; at least one. */
  static List<Entry> fitIntoMessage(List<Entry> entries) {
    long bytes = 0;
    int fits = 0;
    while (fits < entries.size()) {
      bytes += storedBytes(entries.get(fits));
      if (bytes > Wire.CHUNK_BYTES && fits > 0) {
        break;
      }
      fits++;
    }
    return entries.subList(0, fits);
  }
}
