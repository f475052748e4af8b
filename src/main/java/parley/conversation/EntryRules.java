package parley.conversation;

import org.jspecify.annotations.Nullable;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.EntryIntent;
import parley.model.ErrorCode;
import parley.model.Refusal;
import parley.model.Role;

/** Decides what a member may add to the log. These are pure rules without side effects. */
final class EntryRules {
  private EntryRules() {}

  /** The outcome of a rule. */
  sealed interface Decision {}

  /** The entry may be written. */
  record Accept(EntryBody body) implements Decision {}

  /** The entry may not be written. */
  record Refuse(Refusal refusal) implements Decision {}

  /** The decision needs an entry that is not in memory. */
  record NeedsEntry(long seq) implements Decision {}

  /**
   * Decides whether an entry may be written.
   *
   * @param loaded the entry that an earlier {@link NeedsEntry} asked for, or null
   * @param end the seq of the newest entry, including those that are being written
   */
  static Decision decide(
      ConversationState state,
      Member author,
      EntryIntent entryIntent,
      @Nullable Entry loaded,
      long end) {
    return switch (entryIntent) {
      case EntryIntent.Text text -> text(author, text, end);
      case EntryIntent.Edit edit ->
          onTarget(
              state, author, edit.targetSeq(), loaded, target -> edit(state, author, edit, target));
      case EntryIntent.Delete delete ->
          onTarget(
              state, author, delete.targetSeq(), loaded, target -> delete(state, author, target));
      case EntryIntent.React react ->
          onTarget(state, author, react.targetSeq(), loaded, target -> react(react, target));
    };
  }

  private static Decision text(Member author, EntryIntent.Text text, long end) {
    Long replyTo = text.replyTo();
    if (replyTo != null && (replyTo < author.joinedSeq() || replyTo > end)) {
      return refuse(ErrorCode.BAD_REQUEST, "reply_to: there is no such entry");
    }
    return new Accept(
        new EntryBody.Text(
            text.content(), replyTo, text.mentions().isEmpty() ? null : text.mentions(), false));
  }

  /** A rule about the entry that the new entry refers to. */
  private interface TargetRule {
    Decision decide(Entry target);
  }

  private static Decision onTarget(
      ConversationState state, Member author, long seq, @Nullable Entry loaded, TargetRule rule) {
    if (seq < author.joinedSeq() || seq > state.lastSeq()) {
      return refuse(ErrorCode.NOT_FOUND, "target_seq: there is no such entry");
    }
    Entry target = loaded != null && loaded.seq() == seq ? loaded : state.entryInMemory(seq);
    if (target == null) {
      return new NeedsEntry(seq);
    }
    if (!target.body().countable()) {
      return refuse(ErrorCode.FORBIDDEN, "target_seq: entry " + seq + " is not a message");
    }
    if (state.isDeleted(seq)) {
      return refuse(ErrorCode.FORBIDDEN, "target_seq: entry " + seq + " is deleted");
    }
    return rule.decide(target);
  }

  private static Decision edit(
      ConversationState state, Member author, EntryIntent.Edit edit, Entry target) {
    if (!target.senderId().equals(author.userId())) {
      return refuse(ErrorCode.FORBIDDEN, "target_seq: only its sender edits a message");
    }
    if (!state.hasRoomToAmend(target.seq())) {
      return full();
    }
    return new Accept(new EntryBody.Edit(target.seq(), edit.content()));
  }

  private static Decision delete(ConversationState state, Member author, Entry target) {
    boolean own = target.senderId().equals(author.userId());
    if (!own && !(state.group() && author.role() == Role.ADMIN)) {
      return refuse(
          ErrorCode.FORBIDDEN, "target_seq: only its sender or a group admin deletes a message");
    }
    if (!state.hasRoomToAmend(target.seq())) {
      return full();
    }
    return new Accept(new EntryBody.Delete(target.seq(), target.senderId()));
  }

  private static Decision react(EntryIntent.React react, Entry target) {
    return new Accept(new EntryBody.Reaction(target.seq(), react.reaction()));
  }

  private static Decision full() {
    return refuse(
        ErrorCode.FORBIDDEN,
        "target_seq: this conversation has "
            + AmendedEntries.CAPACITY
            + " edited or deleted entries and takes no more");
  }

  private static Refuse refuse(ErrorCode code, String message) {
    return new Refuse(Refusal.of(code, message));
  }
}
