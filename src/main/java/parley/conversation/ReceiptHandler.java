package parley.conversation;

import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import parley.cursors.MemberCursors;
import parley.model.Refusal;
import parley.user.User;

/**
 * Handles what members report about their position in the log: what their devices have received,
 * and what they have read. {@link CursorMoves} gathers the moves; a timer writes them.
 */
final class ReceiptHandler {
  private final ConversationLive live;
  private final ConversationState state;

  ReceiptHandler(ConversationLive live) {
    this.live = live;
    this.state = live.state;
  }

  void read(Conversation.Read read) {
    Member member = state.member(read.user());
    if (member == null) {
      if (read.replyTo() != null) {
        read.replyTo().tell(new Conversation.Refused(Refusal.notFound()));
      }
      return;
    }
    requestCursorMove(member, 0, read.seq(), read.replyTo(), read.urgent());
  }

  /** A member's devices have received entries. */
  void delivered(User.Delivered delivered) {
    Member member = state.member(delivered.userId());
    if (member == null) {
      return;
    }
    if (delivered.seq() <= member.delivered()) {
      // The cursor is there already. The user has missed its row, or it would not repeat the
      // message.
      live.dispatch.sendRow(member.userId(), live.now());
    }
    requestCursorMove(member, delivered.seq(), 0, null, false);
  }

  /** Members were told of this cursor before a crash. The entries behind it are counted again. */
  void recountAfterCrash(MemberCursors cursors) {
    Member member = state.member(cursors.userId());
    if (member != null) {
      requestCursorMove(member, cursors.delivered(), cursors.read(), null, false);
    }
  }

  private void requestCursorMove(
      Member member,
      long delivered,
      long read,
      @Nullable ActorRef<Conversation.ReadReply> replyTo,
      boolean urgent) {
    boolean toWrite = live.cursorMoves.request(member, delivered, read, replyTo, urgent);
    if (toWrite) {
      // The tick repeats a count of unread entries that fails.
      live.startTick();
    }
    if (toWrite && !live.timers.isTimerActive(ConversationLive.Timer.FLUSH_CURSORS)) {
      live.timers.startSingleTimer(
          ConversationLive.Timer.FLUSH_CURSORS,
          ConversationLive.Timer.FLUSH_CURSORS,
          live.dependencies.settings().cursorFlushDelay());
    }
  }
}
