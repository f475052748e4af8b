package parley.proof.checker;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** What a server must never do, worked into a good history; each with the guarantee it breaks. */
public enum PlantedViolations {
  LOST_FROM_THE_LOG("G1") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      HistoryEvent.Answered victim = pick(events, HistoryEvent.Answered.class, random);
      eachLog(events, victim.conversation(), e -> e.seq() == victim.seq() ? null : e);
      return true;
    }
  },
  ANSWERED_UNDER_ANOTHER_SEQ("G1") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      HistoryEvent.Answered a = pick(events, HistoryEvent.Answered.class, random);
      return swap(events, a, answered(a, a.messageId(), a.seq() + 1, a.duplicate()));
    }
  },
  ANSWERED_UNDER_ANOTHER_ID("G1") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      HistoryEvent.Answered a = pick(events, HistoryEvent.Answered.class, random);
      return swap(events, a, answered(a, "other", a.seq(), a.duplicate()));
    }
  },
  NODES_DISAGREE_ON_A_LOG("G2") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      return oneNodeDiffers(events, random, "log");
    }
  },
  NODES_DISAGREE_ON_AN_INBOX("G5") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      return oneNodeDiffers(events, random, "inbox");
    }
  },
  NODES_DISAGREE_ON_CURSORS("G6") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      return oneNodeDiffers(events, random, "members");
    }
  },
  SENT_TO_SOMEBODY_WHO_LEFT("G4") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      for (HistoryEvent historyEvent : List.copyOf(events)) {
        if (historyEvent instanceof HistoryEvent.Received gone
            && gone.entry().type().equals("member_removed")
            && gone.entry().users().contains(gone.user())
            && stillThere(events, gone.entry().conversation(), gone.entry().seq() + 1)
            && !comesBack(events, gone)) {
          SeenEntry next = logged(events, gone.entry().conversation(), gone.entry().seq() + 1);
          return events.add(
              new HistoryEvent.Received(gone.user(), gone.device(), gone.connection(), next));
        }
      }
      return false;
    }
  },
  READ_BY_SOMEBODY_WHO_LEFT("G2") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      for (HistoryEvent historyEvent : List.copyOf(events)) {
        if (historyEvent instanceof HistoryEvent.FinalLog log
            && log.user().equals("ann")
            && log.entries().getLast().type().equals("member_removed")) {
          String gone = log.entries().getLast().users().getFirst();
          return events.add(new HistoryEvent.FinalLog(gone, log.conversation(), log.entries()));
        }
      }
      return false;
    }
  },
  MISSED_AFTER_COMING_BACK("G4") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      for (HistoryEvent historyEvent : List.copyOf(events)) {
        if (historyEvent instanceof HistoryEvent.FinalLog log
            && log.entries().size() > 1
            && log.entries().getFirst().type().equals("members_added")) {
          SeenEntry first = log.entries().getFirst();
          return events.removeIf(
              e ->
                  (e instanceof HistoryEvent.Received r
                          && r.user().equals(log.user())
                          && r.entry().messageId().equals(first.messageId()))
                      || (e instanceof HistoryEvent.Page p
                          && p.user().equals(log.user())
                          && p.conversation().equals(log.conversation())));
        }
      }
      return false;
    }
  },
  HOLE_IN_ONE_LOG("G2") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      HistoryEvent.FinalLog log = pick(events, HistoryEvent.FinalLog.class, random);
      List<SeenEntry> entries = new ArrayList<>(log.entries());
      entries.remove(entries.size() / 2);
      return swap(events, log, new HistoryEvent.FinalLog(log.user(), log.conversation(), entries));
    }
  },
  END_CUT_OFF_ONE_LOG("G2") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      HistoryEvent.FinalLog log = pick(events, HistoryEvent.FinalLog.class, random);
      List<SeenEntry> entries = log.entries().subList(0, log.entries().size() - 1);
      return swap(events, log, new HistoryEvent.FinalLog(log.user(), log.conversation(), entries));
    }
  },
  NEVER_SYNCED("G4") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      HistoryEvent.Opened any = pick(events, HistoryEvent.Opened.class, random);
      HistoryEvent.Synced last =
          (HistoryEvent.Synced)
              events.stream()
                  .filter(
                      e ->
                          e instanceof HistoryEvent.Synced s
                              && s.user().equals(any.user())
                              && s.device().equals(any.device()))
                  .reduce((a, b) -> b)
                  .orElseThrow();
      return events.remove(last);
    }
  },
  ACKNOWLEDGED_NOT_DELIVERED("G6") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      HistoryEvent.FinalMember m = pick(events, HistoryEvent.FinalMember.class, random);
      events.removeIf(
          e ->
              e instanceof HistoryEvent.Cursor c
                  && c.conversation().equals(m.conversation())
                  && c.of().equals(m.of()));
      return m.read() < m.delivered()
          && swap(
              events,
              m,
              new HistoryEvent.FinalMember(m.conversation(), m.of(), m.read(), m.read()));
    }
  },
  CHANGED_IDENTITY("G2") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      return received(events, random, e -> identity(e, "other", e.sender(), e.timestamp()));
    }
  },
  CHANGED_TIME("G2") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      return received(events, random, e -> identity(e, e.messageId(), e.sender(), "later"));
    }
  },
  CHANGED_SENDER("G2") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      return received(events, random, e -> identity(e, e.messageId(), "eve", e.timestamp()));
    }
  },
  DELETED_BUT_READABLE("G2") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      return inOneLog(events, SeenEntry::deleted, e -> content(e, "still here"));
    }
  },
  EDIT_FORGOTTEN("G2") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      return inOneLog(events, e -> e.edited() && !e.deleted(), e -> content(e, "as before"));
    }
  },
  STORED_TWICE("G3") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      HistoryEvent.Answered a = pick(events, HistoryEvent.Answered.class, random);
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
    public boolean into(List<HistoryEvent> events, Random random) {
      HistoryEvent.Answered a = pick(events, HistoryEvent.Answered.class, random);
      events.add(answered(a, a.messageId(), a.seq(), false));
      events.add(answered(a, a.messageId(), a.seq(), false));
      return true;
    }
  },
  DUPLICATE_WITH_ANOTHER_SEQ("G3") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      HistoryEvent.Answered a = pick(events, HistoryEvent.Answered.class, random);
      events.add(answered(a, a.messageId(), a.seq() + 1, true));
      return true;
    }
  },
  DOUBLED_ON_A_CONNECTION("G4") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      HistoryEvent.Received r = pick(events, HistoryEvent.Received.class, random);
      return events.add(r);
    }
  },
  REORDERED("G4") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      for (int i = events.size() - 1; i > 0; i--) {
        for (int j = i - 1; j >= 0; j--) {
          if (events.get(i) instanceof HistoryEvent.Received b
              && events.get(j) instanceof HistoryEvent.Received a
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
    public boolean into(List<HistoryEvent> events, Random random) {
      for (HistoryEvent historyEvent : List.copyOf(events)) {
        // Not the entry with which a member comes (back): before it nothing was owed.
        if (historyEvent instanceof HistoryEvent.Received r
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
    public boolean into(List<HistoryEvent> events, Random random) {
      HistoryEvent.Received victim = pick(events, HistoryEvent.Received.class, random);
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
              (e instanceof HistoryEvent.Received r
                      && r.device().equals(victim.device())
                      && r.entry().conversation().equals(conversation)
                      && r.entry().seq() == seq)
                  || (e instanceof HistoryEvent.Page p
                      && p.device().equals(victim.device())
                      && p.conversation().equals(conversation)));
      return true;
    }
  },
  SENT_AND_MESSAGE("G4") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      for (HistoryEvent historyEvent : List.copyOf(events)) {
        if (historyEvent instanceof HistoryEvent.Answered a
            && a.connection() > 0
            && !a.duplicate()) {
          SeenEntry entry =
              new SeenEntry(
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
          return events.add(new HistoryEvent.Received(a.user(), a.device(), a.connection(), entry));
        }
      }
      return false;
    }
  },
  SENT_OVERTAKEN("G4") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      HistoryEvent.Answered a = pick(events, HistoryEvent.Answered.class, random);
      boolean before = false;
      for (int i = 0; i < events.size(); i++) {
        if (events.get(i) instanceof HistoryEvent.Received r
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
    public boolean into(List<HistoryEvent> events, Random random) {
      HistoryEvent.Row r = pick(events, HistoryEvent.Row.class, random);
      return swap(events, r, row(r, r.unread() + 1, r.readSeq(), r.lastMessageSeq(), r.preview()));
    }
  },
  DEVICES_DISAGREE("G5") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      HistoryEvent.Row r = pick(events, HistoryEvent.Row.class, random);
      return swap(events, r, row(r, r.unread(), r.readSeq() + 1, r.lastMessageSeq(), r.preview()));
    }
  },
  OLD_PREVIEW("G5") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      HistoryEvent.Row r = pick(events, HistoryEvent.Row.class, random);
      return swap(events, r, row(r, r.unread(), r.readSeq(), r.lastMessageSeq(), "yesterday"));
    }
  },
  ROW_GONE("G5") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      HistoryEvent.Row row = pick(events, HistoryEvent.Row.class, random);
      return events.removeIf(
          e ->
              e instanceof HistoryEvent.Row r
                  && r.user().equals(row.user())
                  && r.conversation().equals(row.conversation()));
    }
  },
  DELIVERED_WENT_BACK("G6") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      HistoryEvent.Cursor c = lastCursor(events, random);
      return events.add(
          new HistoryEvent.Cursor(
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
    public boolean into(List<HistoryEvent> events, Random random) {
      HistoryEvent.Row r = pick(events, HistoryEvent.Row.class, random);
      if (r.readSeq() == 0) {
        return false;
      }
      return swap(events, r, row(r, r.unread(), r.readSeq() - 1, r.lastMessageSeq(), r.preview()));
    }
  },
  BACK_AT_THE_END("G6") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      HistoryEvent.Cursor c = lastCursor(events, random);
      return events.removeIf(
              e ->
                  e instanceof HistoryEvent.FinalMember m
                      && m.conversation().equals(c.conversation())
                      && m.of().equals(c.of()))
          && events.add(
              new HistoryEvent.FinalMember(c.conversation(), c.of(), c.delivered() - 1, 0));
    }
  },
  READ_BEFORE_DELIVERED("G6") {
    @Override
    public boolean into(List<HistoryEvent> events, Random random) {
      HistoryEvent.Cursor c = lastCursor(events, random);
      return events.add(
          new HistoryEvent.Cursor(
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

  PlantedViolations(String guarantee) {
    this.guarantee = guarantee;
  }

  public String guarantee() {
    return guarantee;
  }

  /** False if this history has no place for it. */
  public abstract boolean into(List<HistoryEvent> events, Random random);

  private static <E extends HistoryEvent> E pick(
      List<HistoryEvent> events, Class<E> kind, Random random) {
    List<E> all = events.stream().filter(kind::isInstance).map(kind::cast).toList();
    return all.get(random.nextInt(all.size()));
  }

  private static boolean oneNodeDiffers(List<HistoryEvent> events, Random random, String subject) {
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

  private static boolean stillThere(List<HistoryEvent> events, String conversation, long seq) {
    return longest(events, conversation) >= seq;
  }

  private static boolean comesBack(List<HistoryEvent> events, HistoryEvent.Received gone) {
    SeenEntry next = logged(events, gone.entry().conversation(), gone.entry().seq() + 1);
    return next.type().equals("members_added") && next.users().contains(gone.user());
  }

  private static SeenEntry logged(List<HistoryEvent> events, String conversation, long seq) {
    return events.stream()
        .filter(
            e -> e instanceof HistoryEvent.FinalLog log && log.conversation().equals(conversation))
        .flatMap(e -> ((HistoryEvent.FinalLog) e).entries().stream())
        .filter(entry -> entry.seq() == seq)
        .findFirst()
        .orElseThrow();
  }

  private static HistoryEvent.Cursor lastCursor(List<HistoryEvent> events, Random random) {
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

  private static boolean swap(List<HistoryEvent> events, HistoryEvent old, HistoryEvent now) {
    events.set(events.indexOf(old), now);
    return true;
  }

  private static boolean received(
      List<HistoryEvent> events, Random random, UnaryOperator<SeenEntry> change) {
    HistoryEvent.Received r = pick(events, HistoryEvent.Received.class, random);
    return swap(
        events,
        r,
        new HistoryEvent.Received(r.user(), r.device(), r.connection(), change.apply(r.entry())));
  }

  private static boolean inOneLog(
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

  private static void eachLog(
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

  private static void eachLogAdding(
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

  private static boolean readable(List<HistoryEvent> events, HistoryEvent.Received r) {
    return events.stream()
        .anyMatch(
            e ->
                e instanceof HistoryEvent.FinalLog log
                    && log.conversation().equals(r.entry().conversation())
                    && log.user().equals(r.user())
                    && log.entries().stream().anyMatch(s -> s.seq() == r.entry().seq()));
  }

  /** Whether a second copy could be told from another entry: by its words or its client's id. */
  private static boolean recognized(List<HistoryEvent> events, HistoryEvent.Answered a) {
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

  private static long longest(List<HistoryEvent> events, String conversation) {
    return events.stream()
        .filter(
            e -> e instanceof HistoryEvent.FinalLog log && log.conversation().equals(conversation))
        .mapToLong(e -> ((HistoryEvent.FinalLog) e).entries().getLast().seq())
        .max()
        .orElse(0);
  }

  private static boolean follows(List<HistoryEvent> events, HistoryEvent.Received r, int step) {
    return events.stream()
        .anyMatch(
            e ->
                e instanceof HistoryEvent.Received o
                    && o.device().equals(r.device())
                    && o.connection() == r.connection()
                    && o.entry().conversation().equals(r.entry().conversation())
                    && o.entry().seq() == r.entry().seq() + step);
  }

  private static SeenEntry identity(
      SeenEntry e, String messageId, String sender, String timestamp) {
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

  private static SeenEntry identityAt(SeenEntry e, String messageId, long seq) {
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

  private static SeenEntry content(SeenEntry e, String content) {
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

  private static HistoryEvent.Answered answered(
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

  private static HistoryEvent.Row row(
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
