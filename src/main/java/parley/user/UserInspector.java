package parley.user;

import java.util.Collection;
import java.util.List;
import org.apache.pekko.actor.Address;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;

/** Answers operators who look for an entry, or at the user as a whole. Changes nothing. */
final class UserInspector {
  private final UserLive live;

  UserInspector(UserLive live) {
    this.live = live;
  }

  /** Answers the question, or lets it wait until rows are known to be current. */
  void answer(UserState state, UserInspection question) {
    switch (question) {
      case UserInspection.FindEntry find -> {
        if (!live.staleRows.mustWait(find)) {
          find.replyTo().tell(entry(state, find, live.now()));
        }
      }
      case UserInspection.GetOverview get -> get.replyTo().tell(overview(state, live.now()));
    }
  }

  private UserInspection.EntryStatus entry(
      UserState state, UserInspection.FindEntry find, long now) {
    ConversationRow row = live.unsavedChanges.get(find.conversationId());
    VisibleRow inInbox = row instanceof VisibleRow visible ? visible : null;
    List<UserInspection.DeviceStatus> devices =
        state.devices().values().stream().map(device -> at(device, state, find, row, now)).toList();
    return new UserInspection.EntryStatus(
        live.node,
        place(row),
        row == null ? 0 : row.lastSeq(),
        !live.unsavedChanges.isDirty(find.conversationId()),
        inInbox == null ? 0 : inInbox.read(),
        inInbox != null && inInbox.muted(),
        devices);
  }

  private static UserInspection.Place place(@Nullable ConversationRow row) {
    return switch (row) {
      case null -> UserInspection.Place.NONE;
      case VisibleRow visible -> UserInspection.Place.INBOX;
      case HiddenRow hidden -> UserInspection.Place.OUTSIDE;
    };
  }

  private UserInspection.DeviceStatus at(
      Device device,
      UserState state,
      UserInspection.FindEntry find,
      @Nullable ConversationRow row,
      long now) {
    boolean connected = live.liveSessions.of(device.id()) != null;
    boolean received = row != null && row.lastSeq() >= find.seq();
    boolean acknowledged =
        row != null && row.cursors().acked(device.number(), row.lastSeq()) >= find.seq();
    return new UserInspection.DeviceStatus(
        device.id(),
        connected,
        connected && received,
        acknowledged,
        push(device, state, find, row, now));
  }

  private UserInspection.Push push(
      Device device,
      UserState state,
      UserInspection.FindEntry find,
      @Nullable ConversationRow row,
      long now) {
    ConversationId id = find.conversationId();
    PendingPush.Key key = new PendingPush.Key(id, device.number());
    RecentPushes.Outcome last = live.pushSender.recent().covering(key, find.seq());
    if (last != null && last.deadLetterFor() == null) {
      return ended(last, UserInspection.PushState.SENT);
    }
    PendingPush pending = live.pushSchedule.get(key);
    if (pending != null && pending.seq() >= find.seq()) {
      return pending(pending, state, now);
    }
    if (last != null) {
      return ended(last, UserInspection.PushState.DEAD_LETTER);
    }
    if (row == null || row.lastSeq() < find.seq()) {
      return UserInspection.Push.none(UserInspection.NoPush.NOT_RECEIVED);
    }
    if (!find.wakesDevices()) {
      return UserInspection.Push.none(UserInspection.NoPush.SILENT);
    }
    PendingPush wanted = new PendingPush(id, device.number(), find.seq(), now, 0, 0, null);
    return UserInspection.Push.none(absence(live.pushSchedule.need(wanted, row, device)));
  }

  private UserInspection.Push pending(PendingPush pending, UserState state, long now) {
    boolean inFlight = live.pushSender.isInFlight(pending.key());
    return new UserInspection.Push(
        inFlight ? UserInspection.PushState.IN_FLIGHT : UserInspection.PushState.PENDING,
        null,
        live.pushSchedule.due(pending, live.activity.anyConnected(state, now)),
        pending.tries(),
        pending.reason(),
        0);
  }

  private static UserInspection.Push ended(
      RecentPushes.Outcome last, UserInspection.PushState how) {
    return new UserInspection.Push(how, null, 0, last.tries(), last.deadLetterFor(), last.at());
  }

  private static UserInspection.NoPush absence(UserPush.Need need) {
    return switch (need) {
      case READ -> UserInspection.NoPush.READ;
      case FETCHED -> UserInspection.NoPush.ACKNOWLEDGED;
      case MUTED -> UserInspection.NoPush.MUTED;
      case LEFT -> UserInspection.NoPush.LEFT;
      case NO_TOKEN -> UserInspection.NoPush.NO_TOKEN;
      case OFF -> UserInspection.NoPush.OFF;
      case WAITS, FULL -> UserInspection.NoPush.NOT_REMEMBERED;
    };
  }

  private UserInspection.Overview overview(UserState state, long now) {
    return new UserInspection.Overview(
        live.node,
        live.unsavedChanges.rows().size(),
        live.unsavedChanges.hidden().size(),
        live.pushSchedule.all().size(),
        live.isClean(),
        state.devices().values().stream().map(device -> overview(device, now)).toList(),
        ban(state.ban(), now));
  }

  private static UserInspection.@Nullable BanOverview ban(@Nullable Ban ban, long now) {
    return ban != null && ban.isInForce(now)
        ? new UserInspection.BanOverview(ban.at(), ban.until(), ban.reason())
        : null;
  }

  private UserInspection.DeviceOverview overview(Device device, long now) {
    LiveSessions.LiveSession session = live.liveSessions.of(device.id());
    boolean connected = session != null;
    return new UserInspection.DeviceOverview(
        device.id(),
        device.client(),
        connected,
        connected ? now : live.activity.seenAt(device),
        device.pushToken() == null ? null : device.pushPlatform(),
        device.pushable(),
        lagging(live.unsavedChanges.rows(), device) + lagging(live.unsavedChanges.hidden(), device),
        session == null ? null : session.sessionId(),
        session == null ? null : nodeOf(session));
  }

  /** References of this node have no address. */
  private String nodeOf(LiveSessions.LiveSession session) {
    Address address = session.ref().path().address();
    return address.hasGlobalScope() ? address.toString() : live.node;
  }

  private static int lagging(Collection<? extends ConversationRow> rows, Device device) {
    int lagging = 0;
    for (ConversationRow row : rows) {
      if (row.cursors().acked(device.number(), row.lastSeq()) < row.lastSeq()) {
        lagging++;
      }
    }
    return lagging;
  }
}
