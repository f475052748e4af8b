package parley.proof.checker;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import parley.proof.checker.HistoryIndex.Attempt;
import parley.proof.checker.HistoryIndex.Connection;
import parley.proof.checker.HistoryIndex.Device;
import parley.proof.checker.HistoryIndex.Place;

/**
 * G4: every device of every member gets every entry, in order, once per connection, without holes.
 */
final class DeliveryRules {
  /** One conversation as one connection saw it. */
  private static final class Stream {
    final TreeSet<Long> messages = new TreeSet<>();
    final TreeSet<Long> covered = new TreeSet<>();
    final TreeSet<Long> own = new TreeSet<>();
    final TreeSet<Long> gaps = new TreeSet<>();

    /** Seqs that {@code sent} announced after a message with a higher seq. */
    final TreeSet<Long> overtaken = new TreeSet<>();

    long acknowledgedBefore;
  }

  private record Key(Connection connection, String conversation) {}

  private record Lane(Device device, String conversation) {}

  private final HistoryIndex historyIndex;
  private final List<Violation> found;
  private final Map<Key, Stream> streams = new LinkedHashMap<>();
  private final Map<Lane, NavigableSet<Long>> arrived = new HashMap<>();
  private final Map<Lane, Long> acknowledged = new HashMap<>();
  private final Map<Lane, Long> firstMessage = new HashMap<>();
  private final Map<Device, Connection> newest = new LinkedHashMap<>();
  private final Set<Connection> synced = new HashSet<>();
  private final Set<Connection> closed = new HashSet<>();

  DeliveryRules(HistoryIndex historyIndex, List<Violation> found) {
    this.historyIndex = historyIndex;
    this.found = found;
  }

  void check() {
    historyIndex.events.forEach(this::take);
    streams.forEach(this::holes);
    newest.forEach(this::synced);
    for (String conversation : historyIndex.logs.keySet()) {
      for (Device device : historyIndex.firstOpened.keySet()) {
        if (historyIndex.usersOf(conversation).contains(device.user())) {
          complete(new Lane(device, conversation));
        }
      }
    }
  }

  private void take(HistoryEvent historyEvent) {
    switch (historyEvent) {
      case HistoryEvent.Received r -> received(r);
      case HistoryEvent.Answered a -> {
        if (a.connection() > 0) {
          Stream stream =
              stream(new Connection(a.user(), a.device(), a.connection()), a.conversation());
          if (stream.covered.add(a.seq())
              && !stream.messages.subSet(0L, a.seq()).isEmpty()
              && stream.messages.higher(a.seq()) != null) {
            stream.overtaken.add(a.seq());
          }
          if (!a.duplicate()) {
            if (stream.messages.contains(a.seq())) {
              add("both as sent and as message on one connection: " + a, a.conversation(), a.seq());
            }
            stream.own.add(a.seq());
          }
          lane(new Device(a.user(), a.device()), a.conversation()).add(a.seq());
        }
      }
      case HistoryEvent.Gap g -> {
        Connection connection = new Connection(g.user(), g.device(), g.connection());
        Stream stream = stream(connection, g.conversation());
        for (long seq = g.from(); seq <= g.to(); seq++) {
          stream.covered.add(seq);
          stream.gaps.add(seq);
        }
      }
      case HistoryEvent.Opened o -> {
        Connection connection = new Connection(o.user(), o.device(), o.connection());
        newest.put(connection.ofDevice(), connection);
      }
      case HistoryEvent.Synced s ->
          synced.add(new Connection(s.user(), s.device(), s.connection()));
      case HistoryEvent.Closed c ->
          closed.add(new Connection(c.user(), c.device(), c.connection()));
      case HistoryEvent.Page p ->
          p.entries()
              .forEach(e -> lane(new Device(p.user(), p.device()), p.conversation()).add(e.seq()));
      case HistoryEvent.Acked a ->
          acknowledged.merge(
              new Lane(new Device(a.user(), a.device()), a.conversation()), a.seq(), Math::max);
      default -> {}
    }
  }

  private void received(HistoryEvent.Received r) {
    Connection connection = new Connection(r.user(), r.device(), r.connection());
    SeenEntry entry = r.entry();
    Stream stream = stream(connection, entry.conversation());
    if (stream.messages.contains(entry.seq())) {
      add("doubled on one connection: " + r, entry.conversation(), entry.seq());
    } else if (!stream.messages.isEmpty() && entry.seq() < stream.messages.last()) {
      add(
          "out of order, after " + stream.messages.last() + ": " + r,
          entry.conversation(),
          entry.seq());
    } else if (stream.own.contains(entry.seq())) {
      add("both as sent and as message on one connection: " + r, entry.conversation(), entry.seq());
    }
    firstMessage.merge(
        new Lane(connection.ofDevice(), entry.conversation()), entry.seq(), Math::min);
    stream.messages.add(entry.seq());
    stream.covered.add(entry.seq());
    lane(connection.ofDevice(), entry.conversation()).add(entry.seq());
  }

  /** A connection that lasts to the end has received {@code synced}. */
  private void synced(Device device, Connection last) {
    if (!synced.contains(last) && !closed.contains(last)) {
      found.add(new Violation("G4", "never synced: " + last, List.of()));
    }
  }

  /**
   * Everything between the acknowledged entries and the last message of the connection has arrived.
   */
  private void holes(Key key, Stream stream) {
    if (stream.messages.isEmpty()) {
      return;
    }
    long from = stream.messages.first();
    Lane lane = new Lane(key.connection().ofDevice(), key.conversation());
    from =
        Math.min(
            from,
            stream.acknowledgedBefore > 0
                ? stream.acknowledgedBefore + 1
                : firstMessage.getOrDefault(lane, from));
    for (long seq : stream.overtaken) {
      if (!stream.gaps.contains(seq)) {
        add("a message overtook a sent: " + key, key.conversation(), seq);
      }
    }
    NavigableSet<Long> visible = historyIndex.visible(key.conversation(), key.connection().user());
    for (long seq : stream.messages) {
      if (!visible.contains(seq)) {
        add("not for this user: " + key, key.conversation(), seq);
      }
    }
    for (HistoryIndex.Period period :
        historyIndex.periods(key.conversation(), key.connection().user())) {
      NavigableSet<Long> here = stream.messages.subSet(period.from(), true, period.to(), true);
      if (!here.isEmpty()) {
        // The backlog of an earlier membership is no longer delivered.
        boolean first = period.holds(stream.messages.first());
        holes(key, stream, Math.max(first ? from : 0, period.from()), here);
      }
    }
  }

  private void holes(Key key, Stream stream, long from, NavigableSet<Long> messages) {
    NavigableSet<Long> visible = historyIndex.visible(key.conversation(), key.connection().user());
    List<Long> holes = new ArrayList<>();
    for (long seq : visible.subSet(Math.min(from, messages.last()), true, messages.last(), true)) {
      if (!stream.covered.contains(seq)) {
        holes.add(seq);
      }
    }
    if (!holes.isEmpty()) {
      add(
          "hole on a connection, no gap announced: "
              + key
              + " lacks "
              + holes
              + ", has "
              + messages.first()
              + " to "
              + messages.last(),
          key.conversation(),
          holes.getFirst());
    }
  }

  /**
   * Everything since the device's start has arrived on some connection, or was fetched after a gap.
   */
  private void complete(Lane lane) {
    NavigableSet<Long> has = arrived.getOrDefault(lane, new TreeSet<>());
    long start = has.isEmpty() ? Long.MAX_VALUE : has.first();
    int opened = historyIndex.firstOpened.getOrDefault(lane.device(), Integer.MAX_VALUE);
    TreeSet<Long> visible =
        new TreeSet<>(historyIndex.readable(lane.conversation(), lane.device().user()));
    if (!visible.isEmpty() && historyIndex.created.getOrDefault(lane.conversation(), -1) > opened) {
      start = visible.first();
    }
    // Every entry after one that was sent while the device existed must reach it, whoever may read
    // that entry.
    for (long seq : historyIndex.logs.getOrDefault(lane.conversation(), new TreeMap<>()).keySet()) {
      Attempt attempt = historyIndex.attempts.get(new Place(lane.conversation(), seq));
      Integer sentAt = attempt == null ? null : historyIndex.firstSending.get(attempt);
      if (sentAt != null && sentAt > opened) {
        start = Math.min(start, seq);
        break;
      }
    }
    TreeSet<Long> missing = new TreeSet<>(visible.tailSet(start, true));
    missing.removeAll(has);
    if (!missing.isEmpty()) {
      add("never arrived at " + lane + ": " + missing, lane.conversation(), missing.first());
    }
  }

  private Stream stream(Connection connection, String conversation) {
    return streams.computeIfAbsent(
        new Key(connection, conversation),
        key -> {
          Stream stream = new Stream();
          stream.acknowledgedBefore =
              acknowledged.getOrDefault(new Lane(connection.ofDevice(), conversation), 0L);
          return stream;
        });
  }

  private NavigableSet<Long> lane(Device device, String conversation) {
    return arrived.computeIfAbsent(new Lane(device, conversation), id -> new TreeSet<>());
  }

  private void add(String what, String conversation, long seq) {
    found.add(new Violation("G4", what, historyIndex.evidence(conversation, seq)));
  }
}
