package parley.proof.checker;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import parley.proof.checker.HistoryIndex.Attempt;
import parley.proof.checker.HistoryIndex.Place;

/** G1, G2 and G3: the content and order of the log. */
final class LogRules {
  private final HistoryIndex historyIndex;
  private final List<Violation> found;
  private final Map<Place, SeenEntry.Identity> identities = new HashMap<>();
  private final Map<String, Place> places = new HashMap<>();
  private final Set<Place> vanished = new HashSet<>();

  LogRules(HistoryIndex historyIndex, List<Violation> found) {
    this.historyIndex = historyIndex;
    this.found = found;
  }

  void check() {
    historyIndex.answers.forEach(this::durable);
    historyIndex.answers.forEach(this::agree);
    historyIndex.logsByUser.forEach(
        (conversation, logs) -> logs.forEach((u, l) -> dense(conversation, u, l)));
    identities();
    historyIndex.logsByUser.forEach(
        (conversation, logs) -> logs.forEach((u, l) -> once(conversation, u, l)));
  }

  /** G1: every answered entry is in the log, as it was answered. */
  private void durable(Attempt attempt, List<HistoryEvent.Answered> answers) {
    for (HistoryEvent.Answered answer : answers) {
      SeenEntry entry =
          historyIndex.logs.getOrDefault(answer.conversation(), new TreeMap<>()).get(answer.seq());
      if (entry == null) {
        add("G1", "lost: " + answer, answer.conversation(), answer.seq());
      } else if (!entry.messageId().equals(answer.messageId())
          || !entry.sender().equals(attempt.user())
          || !entry.timestamp().equals(answer.timestamp())
          || (entry.clientMsgId() != null && !entry.clientMsgId().equals(answer.clientMsgId()))) {
        add(
            "G1",
            "answered " + answer + " but stored " + entry,
            answer.conversation(),
            answer.seq());
      }
    }
  }

  /** G3: all answers to one attempt name one entry, and at most one of them is no duplicate. */
  private void agree(Attempt attempt, List<HistoryEvent.Answered> answers) {
    HistoryEvent.Answered first = answers.getFirst();
    int originals = 0;
    for (HistoryEvent.Answered answer : answers) {
      if (answer.seq() != first.seq()
          || !answer.messageId().equals(first.messageId())
          || !answer.conversation().equals(first.conversation())) {
        add("G3", "two entries for " + attempt + ": " + first + " and " + answer, "", 0);
      }
      originals += answer.duplicate() ? 0 : 1;
    }
    if (originals > 1) {
      add(
          "G3",
          originals + " answers without duplicate for " + attempt,
          first.conversation(),
          first.seq());
    }
  }

  /** G2: a member's log contains everything that the member may see, without holes. */
  private void dense(String conversation, String user, NavigableMap<Long, SeenEntry> log) {
    long last = historyIndex.lastSeq(conversation);
    for (long seq = 1; seq <= last; seq++) {
      if (!historyIndex.logs.getOrDefault(conversation, new TreeMap<>()).containsKey(seq)) {
        add(
            "G2",
            "hole in the log of " + conversation + " at " + seq + ", read by " + user,
            conversation,
            seq);
        return;
      }
    }
    NavigableSet<Long> visible = historyIndex.readable(conversation, user);
    if (!log.navigableKeySet().equals(visible)) {
      TreeSet<Long> missing = new TreeSet<>(visible);
      missing.removeAll(log.keySet());
      TreeSet<Long> foreign = new TreeSet<>(log.keySet());
      foreign.removeAll(visible);
      add(
          "G2",
          user + " reads " + conversation + " without " + missing + ", with " + foreign,
          "",
          0);
    }
  }

  /** G2: one identity per place, one place per message id, for everybody at all times. */
  private void identities() {
    for (HistoryEvent historyEvent : historyIndex.events) {
      switch (historyEvent) {
        case HistoryEvent.Received r -> seen(r.entry());
        case HistoryEvent.Page p -> p.entries().forEach(this::seen);
        case HistoryEvent.FinalLog f -> f.entries().forEach(this::same);
        default -> {}
      }
    }
    historyIndex.answers.forEach((attempt, answers) -> answers.forEach(this::sameAnswer));
  }

  /** Every entry that anybody saw is in the log at the end, even if its readers have left. */
  private void seen(SeenEntry entry) {
    same(entry);
    if (historyIndex.logs.containsKey(entry.conversation())
        && !historyIndex.logs.get(entry.conversation()).containsKey(entry.seq())
        && vanished.add(new Place(entry.conversation(), entry.seq()))) {
      add("G2", "shown and not in the log: " + entry, entry.conversation(), entry.seq());
    }
  }

  private void same(SeenEntry entry) {
    Place place = new Place(entry.conversation(), entry.seq());
    SeenEntry.Identity before = identities.putIfAbsent(place, entry.identity());
    if (before != null && !before.equals(entry.identity())) {
      add(
          "G2",
          "changed identity: " + before + " became " + entry.identity(),
          place.conversation(),
          place.seq());
    }
    Place other = places.putIfAbsent(entry.messageId(), place);
    if (other != null && !other.equals(place)) {
      add(
          "G2",
          "message " + entry.messageId() + " at " + other + " and " + place,
          place.conversation(),
          place.seq());
    }
  }

  private void sameAnswer(HistoryEvent.Answered answer) {
    SeenEntry.Identity seen = identities.get(new Place(answer.conversation(), answer.seq()));
    if (seen != null && !seen.messageId().equals(answer.messageId())) {
      add(
          "G2",
          "answered " + answer + " but others saw " + seen,
          answer.conversation(),
          answer.seq());
    }
  }

  /** G3: the sender's own log has one entry per attempt, and no text occurs twice. */
  private void once(String conversation, String user, NavigableMap<Long, SeenEntry> log) {
    Map<String, SeenEntry> byClientId = new HashMap<>();
    Map<String, SeenEntry> byText = new HashMap<>();
    for (SeenEntry entry : log.values()) {
      if (entry.sender().equals(user) && entry.clientMsgId() != null) {
        SeenEntry other = byClientId.putIfAbsent(entry.clientMsgId(), entry);
        if (other != null) {
          add("G3", "doubled: " + other + " and " + entry, conversation, entry.seq());
        }
      }
      if (entry.type().equals("text") && entry.content() != null) {
        SeenEntry other = byText.putIfAbsent(entry.content(), entry);
        if (other != null) {
          add("G3", "the same text twice: " + other + " and " + entry, conversation, entry.seq());
        }
      }
    }
  }

  private void add(String guarantee, String what, String conversation, long seq) {
    found.add(new Violation(guarantee, what, historyIndex.evidence(conversation, seq)));
  }
}
