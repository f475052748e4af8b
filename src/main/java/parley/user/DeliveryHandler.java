package parley.user;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.InboxRow;
import parley.model.LastMessage;

/**
 * What a user makes of a {@link User.Deliver}. A pure function of what is held of the conversation
 * and of the message: the heart of "every entry once, in order, without holes", and therefore
 * without an actor around it.
 *
 * <p><b>Forgotten.</b> A user beyond its bounds forgets its oldest conversations ({@link
 * ConversationRows}). When one of them speaks again, with entries or without, the user goes on
 * where the conversation says that it had acknowledged ({@link User.Deliver#next}), and announces a
 * gap up to there: to sessions at once, and to every device that is not here at its next hello,
 * because its cursor stands before the gap ({@link ConversationRow#forgottenTo}), which is as
 * durable as the row. (Rejected: to begin before the first entry. The conversation goes on where it
 * was, so neither would ever have moved.)
 *
 * <p>Two rules do all of it. Entries are taken by seq: those at or below the head are known, the
 * next one is taken, anything further is not, and the conversation is told where to begin again.
 * What a row shows is taken by version: only a higher one replaces it.
 */
sealed interface DeliveryHandler {
  /** A conversation nobody has written in yet: there is nothing to keep. */
  record Quiet(long seq) implements DeliveryHandler {}

  /** Entries between {@code seq} and these are missing. Nothing was taken. */
  record Missing(long seq) implements DeliveryHandler {}

  /** Nothing of it is new. */
  record Known() implements DeliveryHandler {}

  /**
   * It was taken.
   *
   * @param held what is held now
   * @param entries those that are new
   * @param created there is a row where none was
   * @param changed sessions must be shown the row although no entry tells them
   * @param removed the user is no longer a member and now has every entry up to that; how the row
   *     looked last
   * @param gap what will never come: this conversation was once forgotten for lack of room
   */
  record Taken(
      ConversationRow held,
      List<Entry> entries,
      boolean created,
      boolean changed,
      @Nullable InboxRow removed,
      User.@Nullable GapSeen gap)
      implements DeliveryHandler {}

  /**
   * Look at a message.
   *
   * @param conversationRow what the user keeps of the conversation, or null
   * @param devices the numbers of the user's devices
   * @param early what devices have acknowledged of a conversation that was not held
   * @param forgotten whether conversations were ever forgotten for lack of room
   */
  static DeliveryHandler of(
      @Nullable ConversationRow conversationRow,
      User.Deliver message,
      Set<Long> devices,
      DeviceCursors early,
      boolean forgotten) {
    User.RowMember member = message.member();
    if (conversationRow == null) {
      long start = member.joinedSeq() - 1;
      boolean empty = message.entries().isEmpty();
      if (empty && member.quiet()) {
        return new Quiet(start);
      }
      long first = empty ? start + 1 : message.entries().getFirst().seq();
      long acked = acknowledged(message, start, first, forgotten);
      if (!forgotten || acked <= start) {
        boolean whole = empty ? acked <= start && member.leftSeq() == 0 : first <= start + 1;
        return whole ? take(null, start, message, devices, early, null) : new Missing(start);
      }
      if (!empty && first > acked + 1) {
        return new Missing(acked);
      }
      long known = empty ? acked : first - 1;
      if (message.next() == 0 && empty) {
        return new Missing(start);
      }
      if (known <= start) {
        return take(null, start, message, devices, early, null);
      }
      User.GapSeen gap = new User.GapSeen(message.conversationId(), start + 1, known, "forgotten");
      return take(null, known, message, devices, early, gap);
    }
    boolean newer = message.version() > conversationRow.version();
    if (newer
        && member.joinedSeq() > conversationRow.joinedSeq()
        && member.joinedSeq() > conversationRow.lastSeq()) {
      // Added again: what was before is no longer shown to this user, so nobody lags in it.
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

  /** Up to where the conversation says, or an older node's lets one guess, that it was told. */
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

  private static DeliveryHandler take(
      @Nullable ConversationRow conversationRow,
      long start,
      User.Deliver message,
      Set<Long> devices,
      DeviceCursors cursors,
      User.@Nullable GapSeen gap) {
    boolean newer = conversationRow == null || message.version() > conversationRow.version();
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
        return new Missing(head);
      }
      if (!newer) {
        return new Known();
      }
    }
    DeviceCursors moved = cursors.headMoved(gap == null ? start : gap.from() - 1, head, devices);
    long forgottenTo =
        gap == null ? conversationRow == null ? 0 : conversationRow.forgottenTo() : gap.to();
    ConversationRow next =
        next(
            conversationRow, newer, leftSeq, head, moved, forgottenTo, message, !entries.isEmpty());
    boolean created = next instanceof VisibleRow && !(conversationRow instanceof VisibleRow);
    boolean changed =
        conversationRow instanceof VisibleRow was
            && next instanceof VisibleRow visibleRow
            && (!was.name().equals(visibleRow.name())
                || !Objects.equals(was.avatarUrl(), visibleRow.avatarUrl())
                || was.read() != visibleRow.read()
                || (entries.isEmpty()
                    && (was.unread() != visibleRow.unread()
                        || !Objects.equals(was.lastMessage(), visibleRow.lastMessage()))));
    boolean over = leftSeq > 0 && head >= leftSeq;
    boolean wasOver =
        conversationRow != null
            && conversationRow.leftSeq() > 0
            && conversationRow.lastSeq() >= conversationRow.leftSeq();
    InboxRow removed = over && !wasOver ? lastLook(conversationRow, message, head) : null;
    return new Taken(next, List.copyOf(entries), created, changed, removed, gap);
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
      return parked(conversationRow, newer, leftSeq, head, lag, before, message);
    }
    if (conversationRow instanceof HiddenRow && !news) {
      // It left a full inbox as the oldest; cursors alone do not make it younger.
      return parked(conversationRow, newer, 0, head, lag, before, message);
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
        visibleRow.told(),
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
    User.RowMember member = message.member();
    User.RowHeader header = message.header();
    VisibleRow was = conversationRow instanceof VisibleRow visibleRow ? visibleRow : null;
    HiddenRow hiddenRow = conversationRow instanceof HiddenRow p ? p : null;
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
        Math.max(member.delivered(), conversationRow == null ? 0 : conversationRow.told()),
        Math.max(member.read(), was == null ? 0 : was.read()),
        member.unread(),
        Math.max(member.peerDelivered(), was == null ? 0 : was.peerDelivered()),
        Math.max(member.peerRead(), was == null ? 0 : was.peerRead()),
        was != null ? was.muted() : hiddenRow != null && hiddenRow.muted(),
        was != null ? was.pinned() : hiddenRow != null && hiddenRow.pinned(),
        was != null ? was.archived() : hiddenRow != null && hiddenRow.archived(),
        lag,
        conversationRow == null ? null : conversationRow.ages(),
        forgottenTo);
  }

  private static HiddenRow parked(
      @Nullable ConversationRow conversationRow,
      boolean newer,
      long leftSeq,
      long head,
      @Nullable DeviceCursors lag,
      long forgottenTo,
      User.Deliver message) {
    User.RowMember member = message.member();
    VisibleRow visibleRow = conversationRow instanceof VisibleRow r ? r : null;
    HiddenRow was = conversationRow instanceof HiddenRow p ? p : null;
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
        Math.max(member.delivered(), conversationRow == null ? 0 : conversationRow.told()),
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
   * The row of a conversation the user is no longer in: enough to know it by, and no content. Its
   * name and picture are those the user knew as a member: later ones are not theirs to learn.
   */
  private static InboxRow lastLook(
      @Nullable ConversationRow conversationRow, User.Deliver message, long head) {
    VisibleRow known = conversationRow instanceof VisibleRow visibleRow ? visibleRow : null;
    User.RowMember member = message.member();
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
