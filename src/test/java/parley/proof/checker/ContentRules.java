package parley.proof.checker;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import parley.proof.checker.HistoryIndex.Attempt;
import parley.proof.checker.HistoryIndex.Place;

/**
 * The second half of G2: a log shows current content, deleted content appears nowhere, and every
 * entry was sent by somebody.
 */
final class ContentRules {
  private final HistoryIndex historyIndex;
  private final List<Violation> found;

  ContentRules(HistoryIndex historyIndex, List<Violation> found) {
    this.historyIndex = historyIndex;
    this.found = found;
  }

  void check() {
    historyIndex.logsByUser.forEach(
        (conversation, logs) -> logs.forEach((user, log) -> check(conversation, user, log)));
  }

  private void check(String conversation, String user, NavigableMap<Long, SeenEntry> log) {
    Map<Long, SeenEntry> edits = new HashMap<>();
    Map<Long, SeenEntry> deletes = new HashMap<>();
    for (SeenEntry entry : log.values()) {
      if (entry.type().equals("edit")) {
        edits.put(entry.targetSeq(), entry);
      } else if (entry.type().equals("delete")) {
        deletes.put(entry.targetSeq(), entry);
      }
    }
    for (SeenEntry entry : log.values()) {
      if (entry.type().equals("text")) {
        text(user, entry, edits.get(entry.seq()), deletes.containsKey(entry.seq()));
      } else if (entry.type().equals("edit")
          && deletes.containsKey(entry.targetSeq())
          && entry.content() != null) {
        add("an edit of a deleted message still holds its content, for " + user, entry);
      }
      invented(conversation, entry);
    }
  }

  private void text(String user, SeenEntry entry, @Nullable SeenEntry edit, boolean deleted) {
    if (deleted != entry.deleted()) {
      add((deleted ? "not shown as deleted" : "shown as deleted") + " to " + user, entry);
    } else if (deleted) {
      if (entry.content() != null) {
        add("deleted content is still there for " + user, entry);
      }
    } else if (edit != null) {
      if (!entry.edited() || !Objects.equals(entry.content(), edit.content())) {
        add("not shown as edited by " + edit + " to " + user, entry);
      }
    } else {
      HistoryEvent.Sending sending = sending(entry);
      if (sending != null && !Objects.equals(sending.content(), entry.content())) {
        add("sent as " + sending + " but shown to " + user + " as", entry);
      }
    }
  }

  /** An entry that a client must have sent, under an id that it never used. */
  private void invented(String conversation, SeenEntry entry) {
    Attempt attempt = historyIndex.attempts.get(new Place(conversation, entry.seq()));
    if (attempt != null && !historyIndex.sendings.containsKey(attempt)) {
      add("nobody sent", entry);
    }
  }

  private HistoryEvent.@Nullable Sending sending(SeenEntry entry) {
    Attempt attempt = historyIndex.attempts.get(new Place(entry.conversation(), entry.seq()));
    return attempt == null ? null : historyIndex.sendings.get(attempt);
  }

  private void add(String what, SeenEntry entry) {
    found.add(
        new Violation(
            "G2", what + ": " + entry, historyIndex.evidence(entry.conversation(), entry.seq())));
  }
}
