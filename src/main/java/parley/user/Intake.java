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
 * <p><b>Forgotten.</b> A user beyond its bounds forgets its oldest conversations ({@link Places}).
 * When one of them speaks again, with entries or without, the user goes on where the conversation
 * says that it had acknowledged ({@link User.Deliver#next}), and announces a gap up to there: to
 * sessions at once, and to every device that is not here at its next hello, because its cursor
 * stands before the gap ({@link Held#forgottenTo}), which is as durable as the row. (Rejected: to
 * begin before the first entry. The conversation goes on where it was, so neither would ever have
 * moved.)
 *
 * <p>Two rules do all of it. Entries are taken by seq: those at or below the head are known, the
 * next one is taken, anything further is not, and the conversation is told where to begin again.
 * What a row shows is taken by version: only a higher one replaces it.
 */
sealed interface Intake {
  /** A conversation nobody has written in yet: there is nothing to keep. */
  record Quiet(long seq) implements Intake {}

  /** Entries between {@code seq} and these are missing. Nothing was taken. */
  record Missing(long seq) implements Intake {}

  /** Nothing of it is new. */
  record Known() implements Intake {}

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
      Held held,
      List<Entry> entries,
      boolean created,
      boolean changed,
      @Nullable InboxRow removed,
      User.@Nullable GapSeen gap)
      implements Intake {}

  /**
   * Look at a message.
   *
   * @param held what is held of the conversation, or null
   * @param devices the numbers of the user's devices
   * @param early what devices have acknowledged of a conversation that was not held
   * @param forgotten whether conversations were ever forgotten for lack of room
   */
  static Intake of(
      @Nullable Held held,
      User.Deliver message,
      Set<Long> devices,
      DeviceCursors early,
      boolean forgotten) {
    User.RowMember member = message.member();
    if (held == null) {
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
    boolean newer = message.version() > held.version();
    if (newer && member.joinedSeq() > held.joinedSeq() && member.joinedSeq() > held.lastSeq()) {
      // Added again: what was before is no longer shown to this user, so nobody lags in it.
      return take(null, member.joinedSeq() - 1, message, devices, DeviceCursors.NONE, null);
    }
    return take(held, held.lastSeq(), message, devices, held.cursors(), null);
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

  private static Intake take(
      @Nullable Held held,
      long start,
      User.Deliver message,
      Set<Long> devices,
      DeviceCursors cursors,
      User.@Nullable GapSeen gap) {
    boolean newer = held == null || message.version() > held.version();
    long leftSeq = held == null || newer ? message.member().leftSeq() : held.leftSeq();
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
      if (hole && held != null) {
        return new Missing(head);
      }
      if (!newer) {
        return new Known();
      }
    }
    DeviceCursors moved = cursors.headMoved(gap == null ? start : gap.from() - 1, head, devices);
    long forgottenTo = gap == null ? held == null ? 0 : held.forgottenTo() : gap.to();
    Held next = next(held, newer, leftSeq, head, moved, forgottenTo, message, !entries.isEmpty());
    boolean created = next instanceof Row && !(held instanceof Row);
    boolean changed =
        held instanceof Row was
            && next instanceof Row row
            && (!was.name().equals(row.name())
                || !Objects.equals(was.avatarUrl(), row.avatarUrl())
                || was.read() != row.read()
                || (entries.isEmpty()
                    && (was.unread() != row.unread()
                        || !Objects.equals(was.lastMessage(), row.lastMessage()))));
    boolean over = leftSeq > 0 && head >= leftSeq;
    boolean wasOver = held != null && held.leftSeq() > 0 && held.lastSeq() >= held.leftSeq();
    InboxRow removed = over && !wasOver ? lastLook(held, message, head) : null;
    return new Taken(next, List.copyOf(entries), created, changed, removed, gap);
  }

  private static Held next(
      @Nullable Held held,
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
      return parked(held, newer, leftSeq, head, lag, before, message);
    }
    if (held instanceof Parked && !news) {
      // It left a full inbox as the oldest; cursors alone do not make it younger.
      return parked(held, newer, 0, head, lag, before, message);
    }
    if (held instanceof Row row && !newer) {
      return rowWith(row, head, lag, before);
    }
    return row(held, newer, head, lag, before, message);
  }

  private static Row rowWith(Row row, long head, @Nullable DeviceCursors lag, long forgottenTo) {
    return new Row(
        row.id(),
        row.version(),
        row.type(),
        row.name(),
        row.avatarUrl(),
        row.joinedSeq(),
        head,
        row.lastMessage(),
        row.orderAt(),
        row.delivered(),
        row.told(),
        row.read(),
        row.unread(),
        row.peerDelivered(),
        row.peerRead(),
        row.muted(),
        row.pinned(),
        row.archived(),
        lag,
        row.ages(),
        forgottenTo);
  }

  private static Row row(
      @Nullable Held held,
      boolean newer,
      long head,
      @Nullable DeviceCursors lag,
      long forgottenTo,
      User.Deliver message) {
    User.RowMember member = message.member();
    User.RowHeader header = message.header();
    Row was = held instanceof Row row ? row : null;
    Parked parked = held instanceof Parked p ? p : null;
    return new Row(
        message.conversationId(),
        held == null || newer ? message.version() : held.version(),
        header.type(),
        member.name(),
        member.avatarUrl(),
        member.joinedSeq(),
        head,
        visible(header.lastMessage(), member.joinedSeq()),
        Math.max(header.lastTextAt(), member.joinedAt()),
        Math.max(member.delivered(), held == null ? 0 : held.delivered()),
        Math.max(member.delivered(), held == null ? 0 : held.told()),
        Math.max(member.read(), was == null ? 0 : was.read()),
        member.unread(),
        Math.max(member.peerDelivered(), was == null ? 0 : was.peerDelivered()),
        Math.max(member.peerRead(), was == null ? 0 : was.peerRead()),
        was != null ? was.muted() : parked != null && parked.muted(),
        was != null ? was.pinned() : parked != null && parked.pinned(),
        was != null ? was.archived() : parked != null && parked.archived(),
        lag,
        held == null ? null : held.ages(),
        forgottenTo);
  }

  private static Parked parked(
      @Nullable Held held,
      boolean newer,
      long leftSeq,
      long head,
      @Nullable DeviceCursors lag,
      long forgottenTo,
      User.Deliver message) {
    User.RowMember member = message.member();
    Row row = held instanceof Row r ? r : null;
    Parked was = held instanceof Parked p ? p : null;
    return new Parked(
        message.conversationId(),
        held == null || newer ? message.version() : held.version(),
        message.header().type(),
        held == null || newer ? member.joinedSeq() : held.joinedSeq(),
        leftSeq,
        head,
        held == null ? Math.max(message.header().lastTextAt(), member.joinedAt()) : held.orderAt(),
        Math.max(member.delivered(), held == null ? 0 : held.delivered()),
        Math.max(member.delivered(), held == null ? 0 : held.told()),
        row != null ? row.muted() : was != null && was.muted(),
        row != null ? row.pinned() : was != null && was.pinned(),
        row != null ? row.archived() : was != null && was.archived(),
        lag,
        held == null ? null : held.ages(),
        forgottenTo);
  }

  private static @Nullable LastMessage visible(@Nullable LastMessage last, long joinedSeq) {
    return last != null && last.seq() >= joinedSeq ? last : null;
  }

  /**
   * The row of a conversation the user is no longer in: enough to know it by, and no content. Its
   * name and picture are those the user knew as a member: later ones are not theirs to learn.
   */
  private static InboxRow lastLook(@Nullable Held held, User.Deliver message, long head) {
    Row known = held instanceof Row row ? row : null;
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
