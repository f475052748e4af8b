package parley.proof.checker;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import parley.proof.checker.HistoryIndex.Device;

/** G5 and G6: counters do not drift, and cursors only move forward. */
public final class CounterRules {
  private record Mailbox(String user, String conversation) {}

  private record Subject(String conversation, String user) {}

  private record Watch(Device observer, Subject subject) {}

  private record Cursors(long delivered, long read, int connection) {}

  private final HistoryIndex historyIndex;
  private final List<Violation> found;
  private final Map<Watch, Cursors> watched = new HashMap<>();
  private final Map<Subject, Cursors> highest = new HashMap<>();
  private final Map<Subject, Long> acknowledged = new HashMap<>();

  public CounterRules(HistoryIndex historyIndex, List<Violation> found) {
    this.historyIndex = historyIndex;
    this.found = found;
  }

  public void check() {
    rows();
    for (HistoryEvent historyEvent : historyIndex.events) {
      switch (historyEvent) {
        case HistoryEvent.Cursor c -> cursor(c);
        case HistoryEvent.Row r ->
            cursor(
                new HistoryEvent.Cursor(
                    r.user(),
                    r.device(),
                    r.connection(),
                    r.conversation(),
                    r.user(),
                    -1,
                    r.readSeq()));
        case HistoryEvent.Acked a ->
            acknowledged.merge(new Subject(a.conversation(), a.user()), a.seq(), Math::max);
        default -> {}
      }
    }
    historyIndex.members.forEach((id, members) -> members.values().forEach(this::finalCursors));
  }

  // --- G5

  private void rows() {
    Map<Mailbox, Map<String, HistoryEvent.Row>> last = new LinkedHashMap<>();
    Map<Mailbox, Long> confirmed = new HashMap<>();
    Map<Mailbox, Long> wanted = new HashMap<>();
    for (HistoryEvent historyEvent : historyIndex.events) {
      if (historyEvent instanceof HistoryEvent.Row r && r.last()) {
        last.computeIfAbsent(new Mailbox(r.user(), r.conversation()), id -> new LinkedHashMap<>())
            .put(r.device(), r);
      } else if (historyEvent instanceof HistoryEvent.Reading r) {
        Mailbox mailbox = new Mailbox(r.user(), r.conversation());
        (r.confirmed() ? confirmed : wanted).merge(mailbox, r.seq(), Math::max);
      }
    }
    last.forEach(
        (mailbox, byDevice) -> {
          HistoryEvent.Row first = byDevice.values().iterator().next();
          for (HistoryEvent.Row row : byDevice.values()) {
            unread(row);
            if (row.unread() != first.unread()
                || row.readSeq() != first.readSeq()
                || row.lastSeq() != first.lastSeq()) {
              add("G5", "devices disagree: " + first + " and " + row);
            }
            long least = confirmed.getOrDefault(mailbox, 0L);
            long most = Math.max(least, wanted.getOrDefault(mailbox, 0L));
            if (row.readSeq() < least || row.readSeq() > Math.max(most, start(mailbox))) {
              add("G6", "read cursor not between " + least + " and " + most + ": " + row);
            }
          }
        });
    historyIndex.members.forEach(
        (conversation, members) ->
            members
                .keySet()
                .forEach(
                    user -> {
                      if (historyIndex
                              .logsByUser
                              .getOrDefault(conversation, Map.of())
                              .containsKey(user)
                          && !last.containsKey(new Mailbox(user, conversation))) {
                        add("G5", user + " has no inbox row for " + conversation);
                      }
                    }));
  }

  /** A member's cursors start just before the entry that added it. */
  private long start(Mailbox mailbox) {
    var visible = historyIndex.readable(mailbox.conversation(), mailbox.user());
    return visible.isEmpty() ? 0 : visible.first() - 1;
  }

  private void unread(HistoryEvent.Row row) {
    NavigableMap<Long, SeenEntry> log =
        historyIndex.logsByUser.getOrDefault(row.conversation(), Map.of()).get(row.user());
    if (log == null) {
      add("G5", "a row without a log: " + row);
      return;
    }
    long unread =
        log.tailMap(row.readSeq(), false).values().stream()
            .filter(e -> e.counts() && !e.deleted() && !e.sender().equals(row.user()))
            .count();
    if (unread != row.unread()) {
      add("G5", "unread is " + unread + " by the log, but " + row);
    }
    if (!log.isEmpty() && log.lastKey() != row.lastSeq()) {
      add("G5", "last_seq is " + log.lastKey() + " by the log, but " + row);
    }
    SeenEntry newest =
        log.descendingMap().values().stream()
            .filter(e -> e.counts() && !e.deleted())
            .findFirst()
            .orElse(null);
    if (row.lastMessageSeq() != (newest == null ? 0 : newest.seq())
        || !Objects.equals(row.preview(), preview(newest))) {
      add("G5", "last_message should show " + newest + ", but " + row);
    }
  }

  private static @Nullable String preview(@Nullable SeenEntry newest) {
    String content = newest == null ? null : newest.content();
    return content == null ? null : content.substring(0, Math.min(120, content.length()));
  }

  // --- G6

  private void cursor(HistoryEvent.Cursor c) {
    Subject subject = new Subject(c.conversation(), c.of());
    Watch watch = new Watch(new Device(c.user(), c.device()), subject);
    Cursors before = watched.getOrDefault(watch, new Cursors(-1, -1, c.connection()));
    if (c.connection() < before.connection()) {
      return; // A late frame of a connection that has been replaced says nothing about order.
    }
    if ((c.delivered() >= 0 && c.delivered() < before.delivered())
        || (c.read() >= 0 && c.read() < before.read())) {
      add("G6", "went back: after " + before + " " + c);
    }
    if (c.delivered() >= 0 && c.read() > c.delivered()) {
      add("G6", "read but not delivered: " + c);
    }
    if (Math.max(c.delivered(), c.read()) > historyIndex.lastSeq(c.conversation())) {
      add("G6", "past the end of the log, " + historyIndex.lastSeq(c.conversation()) + ": " + c);
    }
    Cursors now =
        new Cursors(
            Math.max(c.delivered(), before.delivered()),
            Math.max(c.read(), before.read()),
            c.connection());
    watched.put(watch, now);
    highest.merge(
        subject,
        now,
        (a, b) ->
            new Cursors(Math.max(a.delivered(), b.delivered()), Math.max(a.read(), b.read()), 0));
  }

  private void finalCursors(HistoryEvent.FinalMember member) {
    Cursors seen = highest.get(new Subject(member.conversation(), member.of()));
    if (seen != null && (member.delivered() < seen.delivered() || member.read() < seen.read())) {
      add("G6", "went back: seen " + seen + ", at the end " + member);
    }
    if (member.read() > member.delivered()) {
      add("G6", "read but not delivered: " + member);
    }
    // An acknowledgement may be lost with its connection, but then the device has it sent again.
    long acked = acknowledged.getOrDefault(new Subject(member.conversation(), member.of()), 0L);
    if (member.delivered() < acked) {
      add("G6", "a device has acknowledged " + acked + ", but " + member);
    }
  }

  private void add(String guarantee, String what) {
    found.add(new Violation(guarantee, what, List.of()));
  }
}
