package parley.user;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;
import parley.model.EntryTrace;
import parley.model.UserId;
import parley.telemetry.MessageSpan;
import parley.telemetry.Tracing;
import parley.telemetry.Tracing.Part;

/** Follows traced entries through a user: from the message of the conversation to the sessions. */
final class InboxTrails {
  private static final Followed NOTHING = new Followed(List.of(), List.of());

  private final UserId id;
  private final Tracing tracing;

  /**
   * The traced entries of one message.
   *
   * @param traces their contexts for sessions and pushes
   */
  record Followed(List<MessageSpan> spans, List<EntryTrace> traces) {
    /** The traces for a message with these entries; null if there are none. */
    @Nullable List<EntryTrace> tracesFor(List<Entry> entries) {
      if (traces.isEmpty()) {
        return null;
      }
      long first = entries.getFirst().seq();
      List<EntryTrace> those = traces.stream().filter(one -> one.seq() >= first).toList();
      return those.isEmpty() ? null : those;
    }

    /** The context of an entry; null if it is not traced. */
    @Nullable String contextOf(long seq) {
      for (EntryTrace one : traces) {
        if (one.seq() == seq) {
          return one.context();
        }
      }
      return null;
    }

    /** The sessions were told. */
    void end() {
      spans.forEach(MessageSpan::end);
    }
  }

  InboxTrails(UserId id, Tracing tracing) {
    this.id = id;
    this.tracing = tracing;
  }

  /** A message of a conversation has arrived. */
  Followed arrived(User.Deliver message) {
    List<EntryTrace> traces = message.traces();
    if (traces == null) {
      return NOTHING;
    }
    List<MessageSpan> spans = new ArrayList<>();
    List<EntryTrace> own = new ArrayList<>();
    for (EntryTrace one : traces) {
      MessageSpan span = tracing.child(Part.INBOX, one.context());
      if (span != null) {
        spans.add(span.with("user_id", id.value()).with("seq", one.seq()));
        own.add(new EntryTrace(one.seq(), span.context()));
      }
    }
    return new Followed(spans, own);
  }
}
