package parley.conversation;

import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.Body;
import parley.model.Entry;

/** About how many bytes an entry is: what batches, memory and pages are bounded by. */
final class Weight {
  private static final int ENTRY = 200;
  private static final int USER = 70;

  private Weight() {}

  /** As a journal or a snapshot holds it. */
  static long stored(Entry entry) {
    return weight(entry, false);
  }

  /** As a client gets it: a control character is six bytes of JSON. */
  static long shown(Entry entry) {
    return weight(entry, true);
  }

  private static long weight(Entry entry, boolean json) {
    return ENTRY
        + switch (entry.body()) {
          case Body.Text text -> text(text.content(), json) + users(text.mentions());
          case Body.Edit edit -> text(edit.content(), json);
          case Body.Reaction reaction -> text(reaction.reaction(), json);
          case Body.GroupCreated created ->
              text(created.name(), json)
                  + text(created.avatarUrl(), json)
                  + users(created.memberIds());
          case Body.MembersAdded added -> users(added.memberIds());
          case Body.GroupChanged changed ->
              text(changed.name(), json) + text(changed.avatarUrl(), json);
          case Body.Delete delete -> USER;
          case Body.MemberRemoved removed -> USER;
          case Body.RoleChanged changed -> USER;
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
}
