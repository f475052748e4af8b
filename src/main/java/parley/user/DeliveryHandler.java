package parley.user;

import parley.model.ConversationId;

/**
 * Takes what conversations deliver: entries, rows and cursors. Decides with {@link DeliveryResult}
 * what is new, sends that to the live sessions, and answers the conversation.
 */
final class DeliveryHandler {
  private final UserLive live;

  DeliveryHandler(UserLive live) {
    this.live = live;
  }

  /** Handles the news of a conversation. */
  void deliver(UserState state, User.Deliver message, long now) {
    InboxTrails.Followed followed = live.inboxTrails.arrived(message);
    ConversationId conversation = message.conversationId();
    live.conversationNotices.confirmProfile(conversation);
    ConversationRow conversationRow = live.unsavedChanges.get(conversation);
    DeviceCursors ahead = live.backlog.early(conversation);
    boolean forgets = state.forgotten() || live.unsavedChanges.hasDropped();
    switch (DeliveryResult.of(conversationRow, message, state.deviceNumbers(), ahead, forgets)) {
      case DeliveryResult.NothingToKeep quiet ->
          live.conversations.tell(
              conversation, new User.Dispatched(live.id, quiet.seq(), message.version()));
      case DeliveryResult.EntriesMissing missing -> {
        if (conversationRow == null) {
          live.conversations.tell(conversation, new User.Dispatched(live.id, missing.seq(), 0));
        } else {
          live.acknowledge(state, conversation);
        }
      }
      case DeliveryResult.Duplicate known -> live.acknowledge(state, conversation);
      case DeliveryResult.SameContents same -> {
        live.unsavedChanges.putSame(same.row());
        live.acknowledge(state, conversation);
      }
      case DeliveryResult.Applied taken -> take(state, taken, followed, now);
    }
    if (live.staleRows.isAsking(conversation) && hasAllOf(message)) {
      live.staleRows.answered(conversation);
    }
    boolean current = conversationRow == null || message.version() >= conversationRow.version();
    if (current
        && !message.receipts().isEmpty()
        && live.unsavedChanges.get(conversation) instanceof VisibleRow) {
      live.liveSessions.tellAll(new Delivery.Receipts(conversation, message.receipts()));
    }
    live.scheduleNotices(state, now);
    followed.end();
  }

  /** Whether the row is as new as this message, with every entry that the message counts. */
  private boolean hasAllOf(User.Deliver message) {
    ConversationRow row = live.unsavedChanges.get(message.conversationId());
    return !(row instanceof VisibleRow)
        || (row.version() >= message.version() && row.lastSeq() >= message.header().lastSeq());
  }

  private void take(
      UserState state, DeliveryResult.Applied taken, InboxTrails.Followed followed, long now) {
    ConversationRow conversationRow = taken.row();
    ConversationId conversation = conversationRow.id();
    DeviceCursors ahead = live.backlog.takeEarly(conversation);
    if (ahead != null) {
      for (long device : state.deviceNumbers()) {
        long acked = ahead.acked(device, 0);
        if (acked > conversationRow.delivered()) {
          conversationRow = conversationRow.withCursors(conversationRow.cursors(), acked);
        }
      }
    }
    boolean lags = !conversationRow.cursors().isEmpty();
    if (!taken.entries().isEmpty() || !lags) {
      conversationRow =
          conversationRow.withAges(
              lags
                  ? BacklogAges.moved(conversationRow.ages(), now, conversationRow.lastSeq())
                  : null);
    }
    live.unsavedChanges.put(conversationRow);
    live.unsavedChanges.acknowledgeLater(conversation);
    live.pushSender.countUnplanned(
        live.pushSchedule.planFor(state, conversationRow, taken.entries(), now));
    live.pushTrails.planned(conversation, taken.entries(), followed);
    if (taken.changed()) {
      live.sweepPushes(state, now); // The entries may have been read on another device.
    }
    long pushesSavedBy = live.pushesSavedBy(state, now);
    boolean mayWait = pushesSavedBy > now && live.flushSchedule.mayWait(state, taken, now);
    live.flushSchedule.changed(taken.entries().size(), mayWait);
    if (mayWait) {
      live.pushSender.wakeAt(pushesSavedBy, now);
      live.holdingNotices.tell(state, conversationRow, now);
    }
    if (taken.gap() != null) {
      live.liveSessions.tellAll(taken.gap());
    }
    boolean inInbox = live.unsavedChanges.get(conversation) instanceof VisibleRow;
    if (taken.created() && inInbox && conversationRow instanceof VisibleRow visibleRow) {
      live.rowChanged(visibleRow.toInboxRow());
    }
    if (!taken.entries().isEmpty()) {
      live.liveSessions.tellAll(
          new Delivery.Entries(conversation, taken.entries(), followed.tracesFor(taken.entries())));
    }
    if (taken.changed() && inInbox && conversationRow instanceof VisibleRow visibleRow) {
      live.rowChanged(visibleRow.toInboxRow());
    }
    if (taken.removed() != null) {
      live.rowChanged(taken.removed());
    }
    if (conversationRow.leftSeq() > 0
        || conversationRow.delivered() <= conversationRow.confirmedDelivered()) {
      live.conversationNotices.cancelDelivered(conversation);
    } else if (ahead != null || !live.conversationNotices.isDeliveredPending(conversation)) {
      // Also repeats a notice that a crash has prevented.
      live.conversationNotices.delivered(conversation, now);
    }
    if (taken.created() && inInbox && state.revision() > 0) {
      // The conversation may have copied the old name before the user had a row to send the new
      // name to.
      live.conversationNotices.announceProfile(conversationRow, now);
    }
  }
}
