package parley.conversation;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationType;
import parley.model.ConversationView;
import parley.model.Entry;
import parley.model.HistoryPage;
import parley.model.Refusal;
import parley.model.UserId;
import parley.serial.Wire;

/** Makes the views that members get of a conversation: its properties and its history pages. */
final class ConversationViews {
  private ConversationViews() {}

  static ConversationView of(ConversationState state, UserId viewer) {
    List<ConversationView.MemberView> members = new ArrayList<>(state.members().size());
    for (Member member : state.members()) {
      members.add(
          new ConversationView.MemberView(
              member.userId(),
              member.role(),
              member.joinedAt(),
              member.delivered(),
              member.read()));
    }
    return new ConversationView(
        state.id(),
        state.group() ? ConversationType.GROUP : ConversationType.DIRECT,
        state.nameFor(viewer),
        state.avatarFor(viewer),
        members,
        state.lastSeq(),
        state.createdAt());
  }

  /** The answer to a user who changed the conversation and may have left it by that. */
  static Conversation.ViewReply reply(ConversationState state, UserId viewer) {
    return state.member(viewer) == null
        ? new Conversation.Removed()
        : new Conversation.Viewed(of(state, viewer));
  }

  /** The answer to a user who wants to create a group that exists already. */
  static Conversation.ViewReply existing(ConversationState state, UserId creator) {
    return state.member(creator) == null
        ? new Conversation.Refused(Refusal.notFound())
        : new Conversation.Viewed(of(state, creator), true);
  }

  /**
   * Most bytes of a page in the form that the client gets, about. It bounds what a connection has
   * to buffer.
   */
  private static final long SHOWN_BYTES = 256 * 1024;

  /**
   * Makes the page of a range. It holds as many entries as fit, at least one, from the requested
   * side. Its tier is that of the entries that fit.
   */
  static HistoryPage page(
      ConversationState state,
      Conversation.GetPage get,
      Range range,
      List<Entry> all,
      EntrySource entrySource) {
    boolean forward = get.after() != null;
    long shownBytes = 0;
    long wireBytes = 0;
    int fits = 0;
    while (fits < all.size()) {
      Entry next = all.get(forward ? fits : all.size() - 1 - fits);
      shownBytes += EntrySize.jsonBytes(next);
      wireBytes += EntrySize.storedBytes(next);
      if ((shownBytes > SHOWN_BYTES || wireBytes > Wire.CHUNK_BYTES) && fits > 0) {
        break;
      }
      fits++;
    }
    List<Entry> shown = forward ? all.subList(0, fits) : all.subList(all.size() - fits, all.size());
    // A backward page may lack its first entries if the cold tier did not deliver them.
    boolean cut = !all.isEmpty() && all.getFirst().seq() > range.from();
    return new HistoryPage(
        state.id(),
        List.copyOf(shown),
        range.hasMore() || fits < all.size() || cut,
        entrySource.tier(shown));
  }

  /**
   * The entries that a page may hold.
   *
   * @param from the first seq; a range with {@code from} after {@code to} is empty
   * @param end the last seq that the viewer may see; no limit for a member
   * @param hasMore whether there are more entries in the requested direction
   */
  record Range(long from, long to, long end, boolean hasMore) {}

  /** The range that answers a request, or null if the viewer may see nothing. */
  static @Nullable Range range(ConversationState state, Conversation.GetPage get) {
    long floor;
    long end;
    Member member = state.member(get.viewer());
    if (member != null) {
      floor = member.joinedSeq();
      end = state.lastSeq();
    } else {
      FormerMembers.FormerMember gone = get.replay() ? state.former().of(get.viewer()) : null;
      if (gone == null) {
        return null;
      }
      floor = gone.joinedSeq();
      end = gone.leftSeq();
    }
    long visible = member == null ? end : Long.MAX_VALUE;
    Long after = get.after();
    if (after != null) {
      long from = Math.max(Math.min(after, end) + 1, floor);
      long to = Math.min(from + get.limit() - 1, end);
      return new Range(from, to, visible, to < end);
    }
    Long before = get.before();
    long to = before == null ? end : Math.min(before - 1, end);
    long from = Math.max(to - get.limit() + 1, floor);
    return new Range(from, to, visible, from > floor && from <= to);
  }
}
