package parley.user;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import parley.bounds.BoundedMap;
import parley.model.ConversationId;
import parley.model.UserId;

/**
 * Tells conversations what the user has in memory and not in its journal yet ({@link
 * User.Holding}), so that they do not repeat it. After a pause a conversation is told at once.
 * While much arrives from it, it is told once in {@value #GATHER_MILLIS} ms: what it is told last
 * covers everything before, and a conversation repeats nothing in its first three seconds.
 */
final class HoldingNotices {
  static final long GATHER_MILLIS = 100;

  /** Conversations that are gathered for. A further one is told at once, each time. */
  static final int MAX_GATHERED = 256;

  private static final Long NEVER = Long.MIN_VALUE;

  private final UserId id;
  private final User.Conversations conversations;
  private final UnsavedChanges unsavedChanges;
  private final PushSchedule pushSchedule;
  private final PushSender pushSender;
  private final BoundedMap<ConversationId, Long> toldAt = BoundedMap.byAge(MAX_GATHERED);
  private final Set<ConversationId> gathered = new LinkedHashSet<>();
  private long dueAt = Long.MAX_VALUE;

  HoldingNotices(
      UserId id,
      User.Conversations conversations,
      UnsavedChanges unsavedChanges,
      PushSchedule pushSchedule,
      PushSender pushSender) {
    this.id = id;
    this.conversations = conversations;
    this.unsavedChanges = unsavedChanges;
    this.pushSchedule = pushSchedule;
    this.pushSender = pushSender;
  }

  /**
   * Tells the conversation now that it need not repeat what waits in memory, or only after some
   * seconds while a push waits for the journal too.
   */
  void tellNow(UserState state, ConversationRow row) {
    gathered.remove(row.id());
    boolean pushWaits = !pushSchedule.isClean() || !pushSender.isCrashSafe(state);
    conversations.tell(row.id(), new User.Holding(id, row.lastSeq(), row.version(), pushWaits));
  }

  /** Tells the conversation now, or soon together with what comes next. */
  void tell(UserState state, ConversationRow row, long now) {
    long last = toldAt.getOrDefault(row.id(), NEVER);
    boolean justTold = now >= last && now < last + GATHER_MILLIS;
    if (justTold && gathered.size() < MAX_GATHERED) {
      gathered.add(row.id());
      dueAt = Math.min(dueAt, last + GATHER_MILLIS);
    } else {
      toldAt.putLast(row.id(), now);
      tellNow(state, row);
    }
  }

  /** Tells the conversations for which something was gathered, if their time has come. */
  void sendDue(UserState state, long now) {
    // The clock may have been set back by more than the notice has to wait.
    if (now < dueAt && dueAt - now <= GATHER_MILLIS) {
      return;
    }
    dueAt = Long.MAX_VALUE;
    for (ConversationId conversation : List.copyOf(gathered)) {
      ConversationRow row = unsavedChanges.get(conversation);
      if (row != null && unsavedChanges.isDirty(conversation)) {
        toldAt.putLast(conversation, now);
        tellNow(state, row);
      }
    }
    gathered.clear();
  }

  /** When {@link #sendDue} must be called, epoch milliseconds; {@link Long#MAX_VALUE} is never. */
  long nextDue() {
    return dueAt;
  }
}
