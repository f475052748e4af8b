package parley.proof.checker;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** An index of a history, in which the rules of the checker look things up. */
public final class HistoryIndex {
  record Attempt(String user, String clientMsgId) {}

  record Place(String conversation, long seq) {}

  record Device(String user, String device) {}

  record Connection(String user, String device, int number) {
    Device ofDevice() {
      return new Device(user, device);
    }
  }

  final List<HistoryEvent> events;

  /** The final log of each conversation, from the reader who sees most of it. */
  final Map<String, NavigableMap<Long, SeenEntry>> logs = new LinkedHashMap<>();

  final Map<String, Map<String, NavigableMap<Long, SeenEntry>>> logsByUser = new LinkedHashMap<>();
  final Map<String, Map<String, HistoryEvent.FinalMember>> members = new LinkedHashMap<>();
  final Map<Attempt, HistoryEvent.Sending> sendings = new HashMap<>();

  /** The index of the event in which an attempt was first made. */
  final Map<Attempt, Integer> firstSending = new HashMap<>();

  final Map<Attempt, List<HistoryEvent.Answered>> answers = new LinkedHashMap<>();

  /** The attempt of each entry, known from answers and from the senders' own logs. */
  final Map<Place, Attempt> attempts = new HashMap<>();

  /** Groups created by a client, and when their creation was known. */
  final Map<String, Integer> created = new HashMap<>();

  private int evidenceGiven;

  final Map<Device, Integer> firstOpened = new LinkedHashMap<>();

  public HistoryIndex(List<HistoryEvent> events) {
    this.events = events;
    for (int i = 0; i < events.size(); i++) {
      index(i, events.get(i));
    }
    logsByUser.forEach(
        (conversation, byUser) ->
            byUser.forEach(
                (user, log) ->
                    log.values()
                        .forEach(
                            entry -> {
                              logs.computeIfAbsent(conversation, id -> new TreeMap<>())
                                  .putIfAbsent(entry.seq(), entry);
                              if (entry.clientMsgId() != null && entry.sender().equals(user)) {
                                attempts.putIfAbsent(
                                    new Place(conversation, entry.seq()),
                                    new Attempt(user, entry.clientMsgId()));
                              }
                            })));
  }

  private void index(int i, HistoryEvent historyEvent) {
    switch (historyEvent) {
      case HistoryEvent.Sending s -> {
        Attempt attempt = new Attempt(s.user(), s.clientMsgId());
        sendings.putIfAbsent(attempt, s);
        firstSending.putIfAbsent(attempt, i);
      }
      case HistoryEvent.Answered a -> {
        Attempt attempt = new Attempt(a.user(), a.clientMsgId());
        answers.computeIfAbsent(attempt, id -> new ArrayList<>()).add(a);
        attempts.putIfAbsent(new Place(a.conversation(), a.seq()), attempt);
      }
      case HistoryEvent.Opened o -> firstOpened.putIfAbsent(new Device(o.user(), o.device()), i);
      case HistoryEvent.Created c -> created.put(c.conversation(), i);
      case HistoryEvent.FinalLog f -> {
        NavigableMap<Long, SeenEntry> log = new TreeMap<>();
        f.entries().forEach(entry -> log.put(entry.seq(), entry));
        logsByUser
            .computeIfAbsent(f.conversation(), id -> new LinkedHashMap<>())
            .put(f.user(), log);
      }
      case HistoryEvent.FinalMember m ->
          members.computeIfAbsent(m.conversation(), id -> new LinkedHashMap<>()).put(m.of(), m);
      default -> {}
    }
  }

  long lastSeq(String conversation) {
    NavigableMap<Long, SeenEntry> log = logs.get(conversation);
    return log == null || log.isEmpty() ? 0 : log.lastKey();
  }

  /**
   * The entries with which a membership began and ended, both included; open if the user stayed.
   */
  record Period(long from, long to) {
    boolean holds(long seq) {
      return from <= seq && seq <= to;
    }
  }

  private record Lane(String conversation, String user) {}

  private final Map<Lane, List<Period>> periods = new HashMap<>();

  /**
   * When a user was a member, in order: from the entry that added it to the one that removed it.
   */
  List<Period> periods(String conversation, String user) {
    return periods.computeIfAbsent(new Lane(conversation, user), this::findPeriods);
  }

  private List<Period> findPeriods(Lane lane) {
    NavigableMap<Long, SeenEntry> log = logs.getOrDefault(lane.conversation(), new TreeMap<>());
    boolean founder =
        log.values().stream()
            .filter(e -> e.type().equals("members_added") || e.type().equals("member_removed"))
            .filter(e -> e.users().contains(lane.user()))
            .findFirst()
            .map(e -> e.type().equals("member_removed"))
            .orElse(true);
    List<Period> found = new ArrayList<>();
    long from = founder ? 1 : 0;
    for (SeenEntry entry : log.values()) {
      boolean names = entry.users().contains(lane.user());
      if (entry.type().equals("members_added") && names && from == 0) {
        from = entry.seq();
      } else if (entry.type().equals("member_removed") && names && from > 0) {
        found.add(new Period(from, entry.seq()));
        from = 0;
      }
    }
    if (from > 0) {
      found.add(new Period(from, Long.MAX_VALUE));
    }
    return found;
  }

  /** The seqs that a user may be sent: those of all its times as a member. */
  NavigableSet<Long> visible(String conversation, String user) {
    NavigableSet<Long> visible = new TreeSet<>();
    NavigableSet<Long> log = logs.getOrDefault(conversation, new TreeMap<>()).navigableKeySet();
    for (Period period : periods(conversation, user)) {
      visible.addAll(log.subSet(period.from(), true, period.to(), true));
    }
    return visible;
  }

  /** The seqs that a user may read at the end: those since it was last added, if it stayed. */
  NavigableSet<Long> readable(String conversation, String user) {
    List<Period> all = periods(conversation, user);
    if (all.isEmpty() || all.getLast().to() < Long.MAX_VALUE) {
      return new TreeSet<>();
    }
    return logs.getOrDefault(conversation, new TreeMap<>())
        .navigableKeySet()
        .tailSet(all.getLast().from(), true);
  }

  /** Users of the conversation, known from its members, its readers and its devices. */
  Set<String> usersOf(String conversation) {
    Set<String> users = new HashSet<>(members.getOrDefault(conversation, Map.of()).keySet());
    users.addAll(logsByUser.getOrDefault(conversation, Map.of()).keySet());
    return users;
  }

  /** Up to ten records that mention the place. */
  List<String> evidence(String conversation, long seq) {
    if (++evidenceGiven > 100) {
      return List.of("no more evidence is looked up");
    }
    return events.stream()
        .filter(historyEvent -> mentions(historyEvent, conversation, seq))
        .limit(10)
        .map(Object::toString)
        .toList();
  }

  private static boolean mentions(HistoryEvent historyEvent, String conversation, long seq) {
    return switch (historyEvent) {
      case HistoryEvent.Answered a -> a.conversation().equals(conversation) && a.seq() == seq;
      case HistoryEvent.Received r ->
          r.entry().conversation().equals(conversation) && r.entry().seq() == seq;
      case HistoryEvent.Gap g ->
          g.conversation().equals(conversation) && g.from() <= seq && seq <= g.to();
      default -> false;
    };
  }
}
