package parley.proof;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** What a server must never do, worked into a good history; each with the guarantee it breaks. */
enum Plant {
  LOST_FROM_THE_LOG("G1") {
    @Override
    boolean into(List<Event> events, Random random) {
      Event.Answered victim = pick(events, Event.Answered.class, random);
      eachLog(events, victim.conversation(), e -> e.seq() == victim.seq() ? null : e);
      return true;
    }
  },
  ANSWERED_UNDER_ANOTHER_SEQ("G1") {
    @Override
    boolean into(List<Event> events, Random random) {
      Event.Answered a = pick(events, Event.Answered.class, random);
      return swap(events, a, answered(a, a.messageId(), a.seq() + 1, a.duplicate()));
    }
  },
  ANSWERED_UNDER_ANOTHER_ID("G1") {
    @Override
    boolean into(List<Event> events, Random random) {
      Event.Answered a = pick(events, Event.Answered.class, random);
      return swap(events, a, answered(a, "other", a.seq(), a.duplicate()));
    }
  },
  NODES_DISAGREE_ON_A_LOG("G2") {
    @Override
    boolean into(List<Event> events, Random random) {
      return oneNodeDiffers(events, random, "log");
    }
  },
  NODES_DISAGREE_ON_AN_INBOX("G5") {
    @Override
    boolean into(List<Event> events, Random random) {
      return oneNodeDiffers(events, random, "inbox");
    }
  },
  NODES_DISAGREE_ON_CURSORS("G6") {
    @Override
    boolean into(List<Event> events, Random random) {
      return oneNodeDiffers(events, random, "members");
    }
  },
  SENT_TO_SOMEBODY_WHO_LEFT("G4") {
    @Override
    boolean into(List<Event> events, Random random) {
      for (Event event : List.copyOf(events)) {
        if (event instanceof Event.Received gone
            && gone.entry().type().equals("member_removed")
            && gone.entry().users().contains(gone.user())
            && stillThere(events, gone.entry().conversation(), gone.entry().seq() + 1)
            && !comesBack(events, gone)) {
          Seen next = logged(events, gone.entry().conversation(), gone.entry().seq() + 1);
          return events.add(
              new Event.Received(gone.user(), gone.device(), gone.connection(), next));
        }
      }
      return false;
    }
  },
  READ_BY_SOMEBODY_WHO_LEFT("G2") {
    @Override
    boolean into(List<Event> events, Random random) {
      for (Event event : List.copyOf(events)) {
        if (event instanceof Event.FinalLog log
            && log.user().equals("ann")
            && log.entries().getLast().type().equals("member_removed")) {
          String gone = log.entries().getLast().users().getFirst();
          return events.add(new Event.FinalLog(gone, log.conversation(), log.entries()));
        }
      }
      return false;
    }
  },
  MISSED_AFTER_COMING_BACK("G4") {
    @Override
    boolean into(List<Event> events, Random random) {
      for (Event event : List.copyOf(events)) {
        if (event instanceof Event.FinalLog log
            && log.entries().size() > 1
            && log.entries().getFirst().type().equals("members_added")) {
          Seen first = log.entries().getFirst();
          return events.removeIf(
              e ->
                  (e instanceof Event.Received r
                          && r.user().equals(log.user())
                          && r.entry().messageId().equals(first.messageId()))
                      || (e instanceof Event.Page p
                          && p.user().equals(log.user())
                          && p.conversation().equals(log.conversation())));
        }
      }
      return false;
    }
  },
  HOLE_IN_ONE_LOG("G2") {
    @Override
    boolean into(List<Event> events, Random random) {
      Event.FinalLog log = pick(events, Event.FinalLog.class, random);
      List<Seen> entries = new ArrayList<>(log.entries());
      entries.remove(entries.size() / 2);
      return swap(events, log, new Event.FinalLog(log.user(), log.conversation(), entries));
    }
  },
  END_CUT_OFF_ONE_LOG("G2") {
    @Override
    boolean into(List<Event> events, Random random) {
      Event.FinalLog log = pick(events, Event.FinalLog.class, random);
      List<Seen> entries = log.entries().subList(0, log.entries().size() - 1);
      return swap(events, log, new Event.FinalLog(log.user(), log.conversation(), entries));
    }
  },
  NEVER_SYNCED("G4") {
    @Override
    boolean into(List<Event> events, Random random) {
      Event.Opened any = pick(events, Event.Opened.class, random);
      Event.Synced last =
          (Event.Synced)
              events.stream()
                  .filter(
                      e ->
                          e instanceof Event.Synced s
                              && s.user().equals(any.user())
                              && s.device().equals(any.device()))
                  .reduce((a, b) -> b)
                  .orElseThrow();
      return events.remove(last);
    }
  },
  ACKNOWLEDGED_NOT_DELIVERED("G6") {
    @Override
    boolean into(List<Event> events, Random random) {
      Event.FinalMember m = pick(events, Event.FinalMember.class, random);
      events.removeIf(
          e ->
              e instanceof Event.Cursor c
                  && c.conversation().equals(m.conversation())
                  && c.of().equals(m.of()));
      return m.read() < m.delivered()
          && swap(events, m, new Event.FinalMember(m.conversation(), m.of(), m.read(), m.read()));
    }
  },
  CHANGED_IDENTITY("G2") {
    @Override
    boolean into(List<Event> events, Random random) {
      return received(events, random, e -> identity(e, "other", e.sender(), e.timestamp()));
    }
  },
  CHANGED_TIME("G2") {
    @Override
    boolean into(List<Event> events, Random random) {
      return received(events, random, e -> identity(e, e.messageId(), e.sender(), "later"));
    }
  },
  CHANGED_SENDER("G2") {
    @Override
    boolean into(List<Event> events, Random random) {
      return received(events, random, e -> identity(e, e.messageId(), "eve", e.timestamp()));
    }
  },
  DELETED_BUT_READABLE("G2") {
    @Override
    boolean into(List<Event> events, Random random) {
      return inOneLog(events, Seen::deleted, e -> content(e, "still here"));
    }
  },
  EDIT_FORGOTTEN("G2") {
    @Override
    boolean into(List<Event> events, Random random) {
      return inOneLog(events, e -> e.edited() && !e.deleted(), e -> content(e, "as before"));
    }
  },
  STORED_TWICE("G3") {
    @Override
    boolean into(List<Event> events, Random random) {
      Event.Answered a = pick(events, Event.Answered.class, random);
      if (!recognized(events, a)) {
        return false;
      }
      long end = longest(events, a.conversation());
      eachLogAdding(events, a.conversation(), a.seq(), e -> identityAt(e, "again", end + 1));
      return true;
    }
  },
  TWO_FIRST_ANSWERS("G3") {
    @Override
    boolean into(List<Event> events, Random random) {
      Event.Answered a = pick(events, Event.Answered.class, random);
      events.add(answered(a, a.messageId(), a.seq(), false));
      events.add(answered(a, a.messageId(), a.seq(), false));
      return true;
    }
  },
  DUPLICATE_WITH_ANOTHER_SEQ("G3") {
    @Override
    boolean into(List<Event> events, Random random) {
      Event.Answered a = pick(events, Event.Answered.class, random);
      events.add(answered(a, a.messageId(), a.seq() + 1, true));
      return true;
    }
  },
  DOUBLED_ON_A_CONNECTION("G4") {
    @Override
    boolean into(List<Event> events, Random random) {
      Event.Received r = pick(events, Event.Received.class, random);
      return events.add(r);
    }
  },
  REORDERED("G4") {
    @Override
    boolean into(List<Event> events, Random random) {
      for (int i = events.size() - 1; i > 0; i--) {
        for (int j = i - 1; j >= 0; j--) {
          if (events.get(i) instanceof Event.Received b
              && events.get(j) instanceof Event.Received a
              && a.device().equals(b.device())
              && a.connection() == b.connection()
              && a.entry().conversation().equals(b.entry().conversation())) {
            events.set(i, a);
            events.set(j, b);
            return true;
          }
        }
      }
      return false;
    }
  },
  HOLE_ON_A_CONNECTION("G4") {
    @Override
    boolean into(List<Event> events, Random random) {
      for (Event event : List.copyOf(events)) {
        // Not the entry with which a member comes (back): before it nothing was owed.
        if (event instanceof Event.Received r
            && r.entry().type().equals("text")
            && !r.entry().sender().equals(r.user())
            && follows(events, r, 1)
            && follows(events, r, -1)) {
          return events.remove(r);
        }
      }
      return false;
    }
  },
  NEVER_ARRIVED("G4") {
    @Override
    boolean into(List<Event> events, Random random) {
      Event.Received victim = pick(events, Event.Received.class, random);
      // Who has left may have missed the last of it; a founder's device may be younger.
      if (victim.entry().sender().equals(victim.user())
          || victim.entry().type().equals("group_created")
          || !readable(events, victim)) {
        return false;
      }
      String conversation = victim.entry().conversation();
      long seq = victim.entry().seq();
      events.removeIf(
          e ->
              (e instanceof Event.Received r
                      && r.device().equals(victim.device())
                      && r.entry().conversation().equals(conversation)
                      && r.entry().seq() == seq)
                  || (e instanceof Event.Page p
                      && p.device().equals(victim.device())
                      && p.conversation().equals(conversation)));
      return true;
    }
  },
  SENT_AND_MESSAGE("G4") {
    @Override
    boolean into(List<Event> events, Random random) {
      for (Event event : List.copyOf(events)) {
        if (event instanceof Event.Answered a && a.connection() > 0 && !a.duplicate()) {
          Seen entry =
              new Seen(
                  a.conversation(),
                  a.seq(),
                  a.messageId(),
                  a.user(),
                  "text",
                  a.timestamp(),
                  null,
                  0,
                  "x",
                  false,
                  false,
                  List.of());
          return events.add(new Event.Received(a.user(), a.device(), a.connection(), entry));
        }
      }
      return false;
    }
  },
  SENT_OVERTAKEN("G4") {
    @Override
    boolean into(List<Event> events, Random random) {
      Event.Answered a = pick(events, Event.Answered.class, random);
      boolean before = false;
      for (int i = 0; i < events.size(); i++) {
        if (events.get(i) instanceof Event.Received r
            && r.connection() == a.connection()
            && r.device().equals(a.device())
            && r.entry().conversation().equals(a.conversation())) {
          before |= r.entry().seq() < a.seq();
          if (before && r.entry().seq() > a.seq() && i > events.indexOf(a)) {
            events.add(i + 1, a);
            return events.remove(a);
          }
        }
      }
      return false;
    }
  },
  UNREAD_DRIFTED("G5") {
    @Override
    boolean into(List<Event> events, Random random) {
      Event.Row r = pick(events, Event.Row.class, random);
      return swap(events, r, row(r, r.unread() + 1, r.readSeq(), r.lastMessageSeq(), r.preview()));
    }
  },
  DEVICES_DISAGREE("G5") {
    @Override
    boolean into(List<Event> events, Random random) {
      Event.Row r = pick(events, Event.Row.class, random);
      return swap(events, r, row(r, r.unread(), r.readSeq() + 1, r.lastMessageSeq(), r.preview()));
    }
  },
  OLD_PREVIEW("G5") {
    @Override
    boolean into(List<Event> events, Random random) {
      Event.Row r = pick(events, Event.Row.class, random);
      return swap(events, r, row(r, r.unread(), r.readSeq(), r.lastMessageSeq(), "yesterday"));
    }
  },
  ROW_GONE("G5") {
    @Override
    boolean into(List<Event> events, Random random) {
      Event.Row row = pick(events, Event.Row.class, random);
      return events.removeIf(
          e ->
              e instanceof Event.Row r
                  && r.user().equals(row.user())
                  && r.conversation().equals(row.conversation()));
    }
  },
  DELIVERED_WENT_BACK("G6") {
    @Override
    boolean into(List<Event> events, Random random) {
      Event.Cursor c = lastCursor(events, random);
      return events.add(
          new Event.Cursor(
              c.user(),
              c.device(),
              c.connection() + 1,
              c.conversation(),
              c.of(),
              c.delivered() - 1,
              0));
    }
  },
  READ_WENT_BACK("G6") {
    @Override
    boolean into(List<Event> events, Random random) {
      Event.Row r = pick(events, Event.Row.class, random);
      if (r.readSeq() == 0) {
        return false;
      }
      return swap(events, r, row(r, r.unread(), r.readSeq() - 1, r.lastMessageSeq(), r.preview()));
    }
  },
  BACK_AT_THE_END("G6") {
    @Override
    boolean into(List<Event> events, Random random) {
      Event.Cursor c = lastCursor(events, random);
      return events.removeIf(
              e ->
                  e instanceof Event.FinalMember m
                      && m.conversation().equals(c.conversation())
                      && m.of().equals(c.of()))
          && events.add(new Event.FinalMember(c.conversation(), c.of(), c.delivered() - 1, 0));
    }
  },
  READ_BEFORE_DELIVERED("G6") {
    @Override
    boolean into(List<Event> events, Random random) {
      Event.Cursor c = lastCursor(events, random);
      return events.add(
          new Event.Cursor(
              c.user(),
              c.device(),
              c.connection() + 1,
              c.conversation(),
              c.of(),
              c.delivered(),
              c.delivered() + 1));
    }
  };

  private final String guarantee;

  Plant(String guarantee) {
    this.guarantee = guarantee;
  }

  String guarantee() {
    return guarantee;
  }

  /** False if this history has no place for it. */
  abstract boolean into(List<Event> events, Random random);

  private static <E extends Event> E pick(List<Event> events, Class<E> kind, Random random) {
    List<E> all = events.stream().filter(kind::isInstance).map(kind::cast).toList();
    return all.get(random.nextInt(all.size()));
  }

  private static boolean oneNodeDiffers(List<Event> events, Random random, String subject) {
    List<Event.NodeView> all =
        events.stream()
            .filter(e -> e instanceof Event.NodeView v && v.subject().startsWith(subject))
            .map(Event.NodeView.class::cast)
            .toList();
    Event.NodeView one = all.get(random.nextInt(all.size()));
    return swap(
        events, one, new Event.NodeView(one.node(), one.user(), one.subject(), "of yesterday"));
  }

  private static boolean stillThere(List<Event> events, String conversation, long seq) {
    return longest(events, conversation) >= seq;
  }

  private static boolean comesBack(List<Event> events, Event.Received gone) {
    Seen next = logged(events, gone.entry().conversation(), gone.entry().seq() + 1);
    return next.type().equals("members_added") && next.users().contains(gone.user());
  }

  private static Seen logged(List<Event> events, String conversation, long seq) {
    return events.stream()
        .filter(e -> e instanceof Event.FinalLog log && log.conversation().equals(conversation))
        .flatMap(e -> ((Event.FinalLog) e).entries().stream())
        .filter(entry -> entry.seq() == seq)
        .findFirst()
        .orElseThrow();
  }

  private static Event.Cursor lastCursor(List<Event> events, Random random) {
    Event.Cursor some = pick(events, Event.Cursor.class, random);
    Event.Cursor last = some;
    for (Event event : events) {
      if (event instanceof Event.Cursor c
          && c.device().equals(some.device())
          && c.conversation().equals(some.conversation())
          && c.of().equals(some.of())) {
        last = c;
      }
    }
    return last;
  }

  private static boolean swap(List<Event> events, Event old, Event now) {
    events.set(events.indexOf(old), now);
    return true;
  }

  private static boolean received(List<Event> events, Random random, UnaryOperator<Seen> change) {
    Event.Received r = pick(events, Event.Received.class, random);
    return swap(
        events,
        r,
        new Event.Received(r.user(), r.device(), r.connection(), change.apply(r.entry())));
  }

  private static boolean inOneLog(
      List<Event> events, java.util.function.Predicate<Seen> which, UnaryOperator<Seen> change) {
    for (Event event : events) {
      if (event instanceof Event.FinalLog log && log.entries().stream().anyMatch(which)) {
        List<Seen> entries =
            log.entries().stream().map(e -> which.test(e) ? change.apply(e) : e).toList();
        return swap(events, log, new Event.FinalLog(log.user(), log.conversation(), entries));
      }
    }
    return false;
  }

  private static void eachLog(
      List<Event> events,
      String conversation,
      java.util.function.Function<Seen, @Nullable Seen> change) {
    events.replaceAll(
        e -> {
          if (e instanceof Event.FinalLog log && log.conversation().equals(conversation)) {
            List<Seen> entries = new ArrayList<>();
            for (Seen entry : log.entries()) {
              Seen changed = change.apply(entry);
              if (changed != null) {
                entries.add(changed);
              }
            }
            return new Event.FinalLog(log.user(), conversation, entries);
          }
          return e;
        });
  }

  private static void eachLogAdding(
      List<Event> events, String conversation, long seq, UnaryOperator<Seen> copy) {
    events.replaceAll(
        e -> {
          if (e instanceof Event.FinalLog log && log.conversation().equals(conversation)) {
            List<Seen> entries = new ArrayList<>(log.entries());
            log.entries().stream()
                .filter(entry -> entry.seq() == seq)
                .forEach(entry -> entries.add(copy.apply(entry)));
            return new Event.FinalLog(log.user(), conversation, entries);
          }
          return e;
        });
  }

  private static boolean readable(List<Event> events, Event.Received r) {
    return events.stream()
        .anyMatch(
            e ->
                e instanceof Event.FinalLog log
                    && log.conversation().equals(r.entry().conversation())
                    && log.user().equals(r.user())
                    && log.entries().stream().anyMatch(s -> s.seq() == r.entry().seq()));
  }

  /** Whether a second copy could be told from another entry: by its words or its client's id. */
  private static boolean recognized(List<Event> events, Event.Answered a) {
    return events.stream()
        .filter(e -> e instanceof Event.FinalLog log && log.conversation().equals(a.conversation()))
        .map(e -> (Event.FinalLog) e)
        .anyMatch(
            log ->
                log.entries().stream()
                    .anyMatch(
                        e ->
                            e.seq() == a.seq()
                                && (log.user().equals(a.user())
                                    || (e.type().equals("text") && e.content() != null))));
  }

  private static long longest(List<Event> events, String conversation) {
    return events.stream()
        .filter(e -> e instanceof Event.FinalLog log && log.conversation().equals(conversation))
        .mapToLong(e -> ((Event.FinalLog) e).entries().getLast().seq())
        .max()
        .orElse(0);
  }

  private static boolean follows(List<Event> events, Event.Received r, int step) {
    return events.stream()
        .anyMatch(
            e ->
                e instanceof Event.Received o
                    && o.device().equals(r.device())
                    && o.connection() == r.connection()
                    && o.entry().conversation().equals(r.entry().conversation())
                    && o.entry().seq() == r.entry().seq() + step);
  }

  private static Seen identity(Seen e, String messageId, String sender, String timestamp) {
    return new Seen(
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

  private static Seen identityAt(Seen e, String messageId, long seq) {
    return new Seen(
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

  private static Seen content(Seen e, String content) {
    return new Seen(
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

  private static Event.Answered answered(
      Event.Answered a, String messageId, long seq, boolean duplicate) {
    return new Event.Answered(
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

  private static Event.Row row(
      Event.Row r, long unread, long readSeq, long lastMessageSeq, @Nullable String preview) {
    return new Event.Row(
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
