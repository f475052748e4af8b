package parley.proof.checker;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Finds and changes records of a history, for {@link PlantedViolations}. */
final class HistoryEdits {
  private HistoryEdits() {}

  static <E extends HistoryEvent> E pick(List<HistoryEvent> events, Class<E> kind, Random random) {
    List<E> all = events.stream().filter(kind::isInstance).map(kind::cast).toList();
    return all.get(random.nextInt(all.size()));
  }

  static boolean oneNodeDiffers(List<HistoryEvent> events, Random random, String subject) {
    List<HistoryEvent.NodeView> all =
        events.stream()
            .filter(e -> e instanceof HistoryEvent.NodeView v && v.subject().startsWith(subject))
            .map(HistoryEvent.NodeView.class::cast)
            .toList();
    HistoryEvent.NodeView one = all.get(random.nextInt(all.size()));
    return swap(
        events,
        one,
        new HistoryEvent.NodeView(one.node(), one.user(), one.subject(), "of yesterday"));
  }

  static boolean stillThere(List<HistoryEvent> events, String conversation, long seq) {
    return longest(events, conversation) >= seq;
  }

  static boolean comesBack(List<HistoryEvent> events, HistoryEvent.Received gone) {
    SeenEntry next = logged(events, gone.entry().conversation(), gone.entry().seq() + 1);
    return next.type().equals("members_added") && next.users().contains(gone.user());
  }

  static SeenEntry logged(List<HistoryEvent> events, String conversation, long seq) {
    return events.stream()
        .filter(
            e -> e instanceof HistoryEvent.FinalLog log && log.conversation().equals(conversation))
        .flatMap(e -> ((HistoryEvent.FinalLog) e).entries().stream())
        .filter(entry -> entry.seq() == seq)
        .findFirst()
        .orElseThrow();
  }

  static HistoryEvent.Cursor lastCursor(List<HistoryEvent> events, Random random) {
    HistoryEvent.Cursor some = pick(events, HistoryEvent.Cursor.class, random);
    HistoryEvent.Cursor last = some;
    for (HistoryEvent historyEvent : events) {
      if (historyEvent instanceof HistoryEvent.Cursor c
          && c.device().equals(some.device())
          && c.conversation().equals(some.conversation())
          && c.of().equals(some.of())) {
        last = c;
      }
    }
    return last;
  }

  static boolean swap(List<HistoryEvent> events, HistoryEvent old, HistoryEvent now) {
    events.set(events.indexOf(old), now);
    return true;
  }

  static boolean received(
      List<HistoryEvent> events, Random random, UnaryOperator<SeenEntry> change) {
    HistoryEvent.Received r = pick(events, HistoryEvent.Received.class, random);
    return swap(
        events,
        r,
        new HistoryEvent.Received(r.user(), r.device(), r.connection(), change.apply(r.entry())));
  }

  static boolean inOneLog(
      List<HistoryEvent> events,
      java.util.function.Predicate<SeenEntry> which,
      UnaryOperator<SeenEntry> change) {
    for (HistoryEvent historyEvent : events) {
      if (historyEvent instanceof HistoryEvent.FinalLog log
          && log.entries().stream().anyMatch(which)) {
        List<SeenEntry> entries =
            log.entries().stream().map(e -> which.test(e) ? change.apply(e) : e).toList();
        return swap(
            events, log, new HistoryEvent.FinalLog(log.user(), log.conversation(), entries));
      }
    }
    return false;
  }

  static void eachLog(
      List<HistoryEvent> events,
      String conversation,
      java.util.function.Function<SeenEntry, @Nullable SeenEntry> change) {
    events.replaceAll(
        e -> {
          if (e instanceof HistoryEvent.FinalLog log && log.conversation().equals(conversation)) {
            List<SeenEntry> entries = new ArrayList<>();
            for (SeenEntry entry : log.entries()) {
              SeenEntry changed = change.apply(entry);
              if (changed != null) {
                entries.add(changed);
              }
            }
            return new HistoryEvent.FinalLog(log.user(), conversation, entries);
          }
          return e;
        });
  }

  static void eachLogAdding(
      List<HistoryEvent> events, String conversation, long seq, UnaryOperator<SeenEntry> copy) {
    events.replaceAll(
        e -> {
          if (e instanceof HistoryEvent.FinalLog log && log.conversation().equals(conversation)) {
            List<SeenEntry> entries = new ArrayList<>(log.entries());
            log.entries().stream()
                .filter(entry -> entry.seq() == seq)
                .forEach(entry -> entries.add(copy.apply(entry)));
            return new HistoryEvent.FinalLog(log.user(), conversation, entries);
          }
          return e;
        });
  }

  static boolean readable(List<HistoryEvent> events, HistoryEvent.Received r) {
    return events.stream()
        .anyMatch(
            e ->
                e instanceof HistoryEvent.FinalLog log
                    && log.conversation().equals(r.entry().conversation())
                    && log.user().equals(r.user())
                    && log.entries().stream().anyMatch(s -> s.seq() == r.entry().seq()));
  }

  /** Whether a second copy could be recognised, by its text or its {@code client_msg_id}. */
  static boolean recognized(List<HistoryEvent> events, HistoryEvent.Answered a) {
    return events.stream()
        .filter(
            e ->
                e instanceof HistoryEvent.FinalLog log
                    && log.conversation().equals(a.conversation()))
        .map(e -> (HistoryEvent.FinalLog) e)
        .anyMatch(
            log ->
                log.entries().stream()
                    .anyMatch(
                        e ->
                            e.seq() == a.seq()
                                && (log.user().equals(a.user())
                                    || (e.type().equals("text") && e.content() != null))));
  }

  static long longest(List<HistoryEvent> events, String conversation) {
    return events.stream()
        .filter(
            e -> e instanceof HistoryEvent.FinalLog log && log.conversation().equals(conversation))
        .mapToLong(e -> ((HistoryEvent.FinalLog) e).entries().getLast().seq())
        .max()
        .orElse(0);
  }

  static boolean follows(List<HistoryEvent> events, HistoryEvent.Received r, int step) {
    return events.stream()
        .anyMatch(
            e ->
                e instanceof HistoryEvent.Received o
                    && o.device().equals(r.device())
                    && o.connection() == r.connection()
                    && o.entry().conversation().equals(r.entry().conversation())
                    && o.entry().seq() == r.entry().seq() + step);
  }

  static SeenEntry identity(SeenEntry e, String messageId, String sender, String timestamp) {
    return new SeenEntry(
        e.conversation(),
        e.seq(),
        messageId,
        sender,
        e.type(),
        timestamp,
        e.clientMsgId(),
        e.targetSeq(),
        e.content(),
        e.edited(),
        e.deleted(),
        e.users());
  }

  static SeenEntry identityAt(SeenEntry e, String messageId, long seq) {
    return new SeenEntry(
        e.conversation(),
        seq,
        messageId,
        e.sender(),
        e.type(),
        e.timestamp(),
        e.clientMsgId(),
        e.targetSeq(),
        e.content(),
        e.edited(),
        e.deleted(),
        e.users());
  }

  static SeenEntry content(SeenEntry e, String content) {
    return new SeenEntry(
        e.conversation(),
        e.seq(),
        e.messageId(),
        e.sender(),
        e.type(),
        e.timestamp(),
        e.clientMsgId(),
        e.targetSeq(),
        content,
        e.edited(),
        e.deleted(),
        e.users());
  }

  static HistoryEvent.Answered answered(
      HistoryEvent.Answered a, String messageId, long seq, boolean duplicate) {
    return new HistoryEvent.Answered(
        a.user(),
        a.device(),
        a.connection(),
        a.conversation(),
        a.clientMsgId(),
        messageId,
        seq,
        a.timestamp(),
        duplicate);
  }

  static HistoryEvent.Row row(
      HistoryEvent.Row r,
      long unread,
      long readSeq,
      long lastMessageSeq,
      @Nullable String preview) {
    return new HistoryEvent.Row(
        r.user(),
        r.device(),
        r.connection(),
        r.conversation(),
        r.lastSeq(),
        unread,
        readSeq,
        lastMessageSeq,
        preview,
        r.last());
  }
}
