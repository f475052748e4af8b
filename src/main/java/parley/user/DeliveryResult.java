package parley.user;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.ConversationType;
import parley.model.Entry;
import parley.model.InboxRow;
import parley.model.LastMessage;

/**
 * The result of a {@link User.Deliver}, as a pure function of the message and of the user's row of
 * the conversation. This is the core of the guarantee "every entry once, in order, without gaps",
 * and therefore it works without an actor.
 *
 * <p>Two rules decide everything. Entries are taken by seq: entries at or below the head are known,
 * and the next one is taken. Beyond a gap nothing is taken, and the conversation is told where to
 * continue. The contents of a row are taken by version: only a higher version replaces them, or the
 * same with further cursors.
 *
 * <p><b>Dropped conversations.</b> A user beyond its bounds drops its oldest conversations ({@link
 * ConversationRows}). When a dropped conversation delivers again, with or without entries, the user
 * continues where the conversation says that the user had acknowledged ({@link User.Deliver#next}).
 * The user announces a gap up to there: to live sessions at once, and to every other device at its
 * next hello, because that device's cursor is before the gap ({@link ConversationRow#forgottenTo}).
 * This is as durable as the row. Rejected: to start before the first entry. The conversation
 * continues where it was, so neither side would ever have advanced.
 */
sealed interface DeliveryResult {
  /** Nobody has written in the conversation yet, so there is nothing to keep. */
  record NothingToKeep(long seq) implements DeliveryResult {}

  /** The entries between {@code seq} and the delivered ones are missing. Nothing was taken. */
  record EntriesMissing(long seq) implements DeliveryResult {}

  /** The message contains nothing new. */
  record Duplicate() implements DeliveryResult {}

  /**
   * The message has a higher version of the row and the same contents. Nothing needs to be written:
   * a user that starts again with the lower version is sent the row once more.
   */
  record SameContents(VisibleRow row) implements DeliveryResult {}

  /**
   * The message was taken.
   *
   * @param row the new row
   * @param entries the new entries
   * @param created the inbox has a row for the conversation now and had none before
   * @param changed sessions must receive the row, because no entry tells them of the change
   * @param removed the user is no longer a member and now has every entry up to the removal; this
   *     is the row's last appearance. Null otherwise
   * @param gap entries that the user will never receive, because it had dropped this conversation
   *     for lack of room; null if there are none
   */
  record Applied(
      ConversationRow row,
      List<Entry> entries,
      boolean created,
      boolean changed,
      @Nullable InboxRow removed,
      Delivery.@Nullable GapSeen gap)
      implements DeliveryResult {}

  /**
   * Computes the result of a message.
   *
   * @param conversationRow what the user holds of the conversation, or null
   * @param message the delivery
   * @param devices the numbers of the user's devices
   * @param early what devices have acknowledged of a conversation that the user did not hold
   * @param forgotten whether any conversation was ever dropped for lack of room
   */
  static DeliveryResult of(
      @Nullable ConversationRow conversationRow,
      User.Deliver message,
      Set<Long> devices,
      DeviceCursors early,
      boolean forgotten) {
    RowMember member = message.member();
    if (conversationRow == null) {
      long start = member.joinedSeq() - 1;
      boolean empty = message.entries().isEmpty();
      if (empty && member.quiet()) {
        return new NothingToKeep(start);
      }
      long first = empty ? start + 1 : message.entries().getFirst().seq();
      long acked = acknowledged(message, start, first, forgotten);
      if (!forgotten || acked <= start) {
        boolean whole = empty ? acked <= start && member.leftSeq() == 0 : first <= start + 1;
        return whole ? take(null, start, message, devices, early, null) : new EntriesMissing(start);
      }
      if (!empty && first > acked + 1) {
        return new EntriesMissing(acked);
      }
      long known = empty ? acked : first - 1;
      if (message.next() == 0 && empty) {
        return new EntriesMissing(start);
      }
      if (known <= start) {
        return take(null, start, message, devices, early, null);
      }
      Delivery.GapSeen gap =
          new Delivery.GapSeen(message.conversationId(), start + 1, known, "forgotten");
      return take(null, known, message, devices, early, gap);
    }
    boolean newer = message.version() > conversationRow.version();
    if (newer
        && member.joinedSeq() > conversationRow.joinedSeq()
        && member.joinedSeq() > conversationRow.lastSeq()) {
      // The user was added again: earlier entries are no longer shown, so no device lags in them.
      return take(null, member.joinedSeq() - 1, message, devices, DeviceCursors.NONE, null);
    }
    return take(
        conversationRow,
        conversationRow.lastSeq(),
        message,
        devices,
        conversationRow.cursors(),
        null);
  }

  /**
   * The seq that the user had acknowledged, as the conversation says. A node of an older version
   * does not say it, so it is estimated from the message.
   */
  private static long acknowledged(
      User.Deliver message, long start, long first, boolean forgotten) {
    if (message.next() > 0) {
      return message.next() - 1;
    }
    if (!message.entries().isEmpty()) {
      return first - 1;
    }
    return forgotten ? Math.max(start, message.header().lastSeq()) : start;
  }

  private static DeliveryResult take(
      @Nullable ConversationRow conversationRow,
      long start,
      User.Deliver message,
      Set<Long> devices,
      DeviceCursors cursors,
      Delivery.@Nullable GapSeen gap) {
    boolean newer = isNewer(conversationRow, message);
    long leftSeq =
        conversationRow == null || newer ? message.member().leftSeq() : conversationRow.leftSeq();
    List<Entry> entries = new ArrayList<>();
    long head = start;
    for (Entry entry : message.entries()) {
      if (entry.seq() > head + 1) {
        break;
      }
      if (entry.seq() == head + 1 && (leftSeq == 0 || entry.seq() <= leftSeq)) {
        entries.add(entry);
        head++;
      }
    }
    if (entries.isEmpty()) {
      long last = message.entries().isEmpty() ? 0 : message.entries().getLast().seq();
      boolean hole = last > head && (leftSeq == 0 || head < leftSeq);
      if (hole && conversationRow != null) {
        return new EntriesMissing(head);
      }
      if (!newer) {
        return new Duplicate();
      }
    }
    DeviceCursors moved = cursors.headMoved(gap == null ? start : gap.from() - 1, head, devices);
    long forgottenTo =
        gap == null ? conversationRow == null ? 0 : conversationRow.forgottenTo() : gap.to();
    ConversationRow next =
        next(
            conversationRow, newer, leftSeq, head, moved, forgottenTo, message, !entries.isEmpty());
    if (next instanceof VisibleRow same
        && conversationRow instanceof VisibleRow was
        && gap == null
        && same.equals(was.withVersion(same.version()))) {
      return new SameContents(same);
    }
    boolean created = next instanceof VisibleRow && !(conversationRow instanceof VisibleRow);
    boolean changed =
        conversationRow instanceof VisibleRow was
            && next instanceof VisibleRow visibleRow
            && (!was.name().equals(visibleRow.name())
                || !Objects.equals(was.avatarUrl(), visibleRow.avatarUrl())
                || was.read() != visibleRow.read()
                || missedReceipts(was, visibleRow, message)
                || (entries.isEmpty()
                    && (was.unread() != visibleRow.unread()
                        || !Objects.equals(was.lastMessage(), visibleRow.lastMessage()))));
    boolean over = leftSeq > 0 && head >= leftSeq;
    boolean wasOver =
        conversationRow != null
            && conversationRow.leftSeq() > 0
            && conversationRow.lastSeq() >= conversationRow.leftSeq();
    InboxRow removed = over && !wasOver ? removedRow(conversationRow, message, head) : null;
    return new Applied(next, List.copyOf(entries), created, changed, removed, gap);
  }

  /**
   * Whether the other person's cursors have moved and the message does not say so by receipts. The
   * message that did was lost on its way to this user.
   */
  private static boolean missedReceipts(VisibleRow was, VisibleRow row, User.Deliver message) {
    return row.type() == ConversationType.DIRECT
        && message.receipts().isEmpty()
        && (row.peerDelivered() > was.peerDelivered() || row.peerRead() > was.peerRead());
  }

  /**
   * Whether the message has newer contents of the row. A higher version is newer. A conversation
   * also tells cursors that its own journal does not have yet, and which therefore are no version
   * of their own: these only move forward, so the further ones are newer.
   */
  private static boolean isNewer(@Nullable ConversationRow conversationRow, User.Deliver message) {
    if (conversationRow == null || message.version() > conversationRow.version()) {
      return true;
    }
    RowMember member = message.member();
    return message.version() == conversationRow.version()
        && conversationRow instanceof VisibleRow row
        && (member.delivered() > row.confirmedDelivered()
            || member.read() > row.read()
            || member.peerDelivered() > row.peerDelivered()
            || member.peerRead() > row.peerRead());
  }

  private static ConversationRow next(
      @Nullable ConversationRow conversationRow,
      boolean newer,
      long leftSeq,
      long head,
      DeviceCursors cursors,
      long forgottenTo,
      User.Deliver message,
      boolean news) {
    DeviceCursors lag = cursors.isEmpty() ? null : cursors;
    long before = cursors.isEmpty() ? 0 : forgottenTo;
    if (leftSeq > 0) {
      return hidden(conversationRow, newer, leftSeq, head, lag, before, message);
    }
    if (conversationRow instanceof HiddenRow && !news) {
      // The row had left a full inbox as the oldest. Moved cursors alone do not make it newer.
      return hidden(conversationRow, newer, 0, head, lag, before, message);
    }
    if (conversationRow instanceof VisibleRow visibleRow && !newer) {
      return rowWith(visibleRow, head, lag, before);
    }
    return row(conversationRow, newer, head, lag, before, message);
  }

  private static VisibleRow rowWith(
      VisibleRow visibleRow, long head, @Nullable DeviceCursors lag, long forgottenTo) {
    return new VisibleRow(
        visibleRow.id(),
        visibleRow.version(),
        visibleRow.type(),
        visibleRow.name(),
        visibleRow.avatarUrl(),
        visibleRow.joinedSeq(),
        head,
        visibleRow.lastMessage(),
        visibleRow.orderAt(),
        visibleRow.delivered(),
        visibleRow.confirmedDelivered(),
        visibleRow.read(),
        visibleRow.unread(),
        visibleRow.peerDelivered(),
        visibleRow.peerRead(),
        visibleRow.muted(),
        visibleRow.pinned(),
        visibleRow.archived(),
        lag,
        visibleRow.ages(),
        forgottenTo);
  }

  private static VisibleRow row(
      @Nullable ConversationRow conversationRow,
      boolean newer,
      long head,
      @Nullable DeviceCursors lag,
      long forgottenTo,
      User.Deliver message) {
    RowMember member = message.member();
    User.RowHeader header = message.header();
    VisibleRow was = conversationRow instanceof VisibleRow visibleRow ? visibleRow : null;
    HiddenRow hiddenRow = conversationRow instanceof HiddenRow hidden ? hidden : null;
    return new VisibleRow(
        message.conversationId(),
        conversationRow == null || newer ? message.version() : conversationRow.version(),
        header.type(),
        member.name(),
        member.avatarUrl(),
        member.joinedSeq(),
        head,
        visible(header.lastMessage(), member.joinedSeq()),
        Math.max(header.lastTextAt(), member.joinedAt()),
        Math.max(member.delivered(), conversationRow == null ? 0 : conversationRow.delivered()),
        Math.max(
            member.delivered(), conversationRow == null ? 0 : conversationRow.confirmedDelivered()),
        Math.max(member.read(), was == null ? 0 : was.read()),
        was != null && message.version() == was.version() && member.read() < was.read()
            ? was.unread()
            : member.unread(),
        Math.max(member.peerDelivered(), was == null ? 0 : was.peerDelivered()),
        Math.max(member.peerRead(), was == null ? 0 : was.peerRead()),
        was != null ? was.muted() : hiddenRow != null && hiddenRow.muted(),
        was != null ? was.pinned() : hiddenRow != null && hiddenRow.pinned(),
        was != null ? was.archived() : hiddenRow != null && hiddenRow.archived(),
        lag,
        conversationRow == null ? null : conversationRow.ages(),
        forgottenTo);
  }

  private static HiddenRow hidden(
      @Nullable ConversationRow conversationRow,
      boolean newer,
      long leftSeq,
      long head,
      @Nullable DeviceCursors lag,
      long forgottenTo,
      User.Deliver message) {
    RowMember member = message.member();
    VisibleRow visibleRow = conversationRow instanceof VisibleRow r ? r : null;
    HiddenRow was = conversationRow instanceof HiddenRow hidden ? hidden : null;
    return new HiddenRow(
        message.conversationId(),
        conversationRow == null || newer ? message.version() : conversationRow.version(),
        message.header().type(),
        conversationRow == null || newer ? member.joinedSeq() : conversationRow.joinedSeq(),
        leftSeq,
        head,
        conversationRow == null
            ? Math.max(message.header().lastTextAt(), member.joinedAt())
            : conversationRow.orderAt(),
        Math.max(member.delivered(), conversationRow == null ? 0 : conversationRow.delivered()),
        Math.max(
            member.delivered(), conversationRow == null ? 0 : conversationRow.confirmedDelivered()),
        visibleRow != null ? visibleRow.muted() : was != null && was.muted(),
        visibleRow != null ? visibleRow.pinned() : was != null && was.pinned(),
        visibleRow != null ? visibleRow.archived() : was != null && was.archived(),
        lag,
        conversationRow == null ? null : conversationRow.ages(),
        forgottenTo);
  }

  private static @Nullable LastMessage visible(@Nullable LastMessage last, long joinedSeq) {
    return last != null && last.seq() >= joinedSeq ? last : null;
  }

  /**
   * The last appearance of a conversation that the user has left: enough to identify it, and no
   * content. Name and picture are those that the user knew as a member, because the user must not
   * learn later ones.
   */
  private static InboxRow removedRow(
      @Nullable ConversationRow conversationRow, User.Deliver message, long head) {
    VisibleRow known = conversationRow instanceof VisibleRow visibleRow ? visibleRow : null;
    RowMember member = message.member();
    ConversationId id = message.conversationId();
    return new InboxRow(
        id,
        message.header().type(),
        known == null ? member.name() : known.name(),
        known == null ? member.avatarUrl() : known.avatarUrl(),
        head,
        null,
        0,
        member.read(),
        member.peerDelivered(),
        member.peerRead(),
        false,
        false,
        false,
        true);
  }
}
