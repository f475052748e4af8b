package parley.proof.checker;

import static parley.proof.checker.HistoryEdits.answered;
import static parley.proof.checker.HistoryEdits.comesBack;
import static parley.proof.checker.HistoryEdits.content;
import static parley.proof.checker.HistoryEdits.eachLog;
import static parley.proof.checker.HistoryEdits.eachLogAdding;
import static parley.proof.checker.HistoryEdits.follows;
import static parley.proof.checker.HistoryEdits.identity;
import static parley.proof.checker.HistoryEdits.identityAt;
import static parley.proof.checker.HistoryEdits.inOneLog;
import static parley.proof.checker.HistoryEdits.lastCursor;
import static parley.proof.checker.HistoryEdits.logged;
import static parley.proof.checker.HistoryEdits.longest;
import static parley.proof.checker.HistoryEdits.oneNodeDiffers;
import static parley.proof.checker.HistoryEdits.pick;
import static parley.proof.checker.HistoryEdits.readable;
import static parley.proof.checker.HistoryEdits.received;
import static parley.proof.checker.HistoryEdits.recognized;
import static parley.proof.checker.HistoryEdits.row;
import static parley.proof.checker.HistoryEdits.stillThere;
import static parley.proof.checker.HistoryEdits.swap;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Violations that a server must never cause, planted in a correct history, each with the guarantee
 * that it breaks.
 */
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
        // Not the entry that adds a member: nothing before it had to be delivered.
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
      // A former member may have missed the last entries, and a device of the founder may be
      // younger.
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
}
