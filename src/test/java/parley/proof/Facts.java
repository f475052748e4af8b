package parley.proof;

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

/** A history, indexed: what the rules of the checker look things up in. */
final class Facts {
  record Attempt(String user, String clientMsgId) {}

  record Place(String conversation, long seq) {}

  record Device(String user, String device) {}

  record Connection(String user, String device, int number) {
    Device ofDevice() {
      return new Device(user, device);
    }
  }

  final List<Event> events;

  /** Per conversation the final log, from whoever sees the most of it. */
  final Map<String, NavigableMap<Long, Seen>> logs = new LinkedHashMap<>();

  final Map<String, Map<String, NavigableMap<Long, Seen>>> logsByUser = new LinkedHashMap<>();
  final Map<String, Map<String, Event.FinalMember>> members = new LinkedHashMap<>();
  final Map<Attempt, Event.Sending> sendings = new HashMap<>();

  /** When, as an index into the events, an attempt was first made. */
  final Map<Attempt, Integer> firstSending = new HashMap<>();

  final Map<Attempt, List<Event.Answered>> answers = new LinkedHashMap<>();

  /** Which attempt an entry is, known from answers and from the senders' own logs. */
  final Map<Place, Attempt> attempts = new HashMap<>();

  /** Groups made by a client, and when their creation was known. */
  final Map<String, Integer> created = new HashMap<>();

  private int evidenceGiven;

  final Map<Device, Integer> firstOpened = new LinkedHashMap<>();

  Facts(List<Event> events) {
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

  private void index(int i, Event event) {
    switch (event) {
      case Event.Sending s -> {
        Attempt attempt = new Attempt(s.user(), s.clientMsgId());
        sendings.putIfAbsent(attempt, s);
        firstSending.putIfAbsent(attempt, i);
      }
      case Event.Answered a -> {
        Attempt attempt = new Attempt(a.user(), a.clientMsgId());
        answers.computeIfAbsent(attempt, id -> new ArrayList<>()).add(a);
        attempts.putIfAbsent(new Place(a.conversation(), a.seq()), attempt);
      }
      case Event.Opened o -> firstOpened.putIfAbsent(new Device(o.user(), o.device()), i);
      case Event.Created c -> created.put(c.conversation(), i);
      case Event.FinalLog f -> {
        NavigableMap<Long, Seen> log = new TreeMap<>();
        f.entries().forEach(entry -> log.put(entry.seq(), entry));
        logsByUser
            .computeIfAbsent(f.conversation(), id -> new LinkedHashMap<>())
            .put(f.user(), log);
      }
      case Event.FinalMember m ->
          members.computeIfAbsent(m.conversation(), id -> new LinkedHashMap<>()).put(m.of(), m);
      default -> {}
    }
  }

  long lastSeq(String conversation) {
    NavigableMap<Long, Seen> log = logs.get(conversation);
    return log == null || log.isEmpty() ? 0 : log.lastKey();
  }

  /** The seqs that a user may see: from the entry that added it to the one that removed it. */
  NavigableSet<Long> visible(String conversation, String user) {
    NavigableSet<Long> visible = new TreeSet<>();
    NavigableMap<Long, Seen> log = logs.getOrDefault(conversation, new TreeMap<>());
    boolean member =
        log.values().stream()
            .filter(e -> e.type().equals("members_added") || e.type().equals("member_removed"))
            .filter(e -> e.users().contains(user))
            .findFirst()
            .map(e -> e.type().equals("member_removed"))
            .orElse(true);
    for (Seen entry : log.values()) {
      boolean names = entry.users().contains(user);
      if (entry.type().equals("members_added") && names) {
        member = true;
      }
      if (member) {
        visible.add(entry.seq());
      }
      if (entry.type().equals("member_removed") && names) {
        member = false;
      }
    }
    return visible;
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
        .filter(event -> mentions(event, conversation, seq))
        .limit(10)
        .map(Object::toString)
        .toList();
  }

  private static boolean mentions(Event event, String conversation, long seq) {
    return switch (event) {
      case Event.Answered a -> a.conversation().equals(conversation) && a.seq() == seq;
      case Event.Received r ->
          r.entry().conversation().equals(conversation) && r.entry().seq() == seq;
      case Event.Gap g -> g.conversation().equals(conversation) && g.from() <= seq && seq <= g.to();
      default -> false;
    };
  }
}
