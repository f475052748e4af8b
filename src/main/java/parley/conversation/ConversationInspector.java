package parley.conversation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.persistence.query.EventEnvelope;
import org.apache.pekko.stream.javadsl.Sink;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationType;
import parley.model.Entry;
import parley.model.Refusal;

/**
 * Answers operators who look for an entry, or at the conversation as a whole. Changes nothing. Each
 * look-up of an entry is one read of the log, because the journal alone knows the number of its
 * event. At most {@value #AT_ONCE} look-ups run at a time; one more is {@code unavailable}.
 */
final class ConversationInspector {
  /** The most look-ups at a time. */
  static final int AT_ONCE = 4;

  private static final long MINUTE_MILLIS = TimeUnit.MINUTES.toMillis(1);

  private final ConversationLive live;
  private final ConversationState state;
  private int running;

  /**
   * What the log says of an entry.
   *
   * @param entry the entry as it was written
   * @param event the number of its event; 0 if it is archived
   * @param segment the segment that holds it; null if it is not archived
   */
  record Stored(Entry entry, long event, ConversationInspection.@Nullable Segment segment) {}

  /**
   * A look-up has ended.
   *
   * @param stored null if the log cannot be read now
   */
  record LookedUp(ConversationInspection.FindEntry question, @Nullable Stored stored)
      implements Conversation.Internal {
    @Override
    public String toString() {
      return "LookedUp[" + question.seq() + "]";
    }
  }

  ConversationInspector(ConversationLive live) {
    this.live = live;
    this.state = live.state;
  }

  /** Answers the question, or starts to look for the entry. */
  void answer(ConversationInspection question) {
    switch (question) {
      case ConversationInspection.FindEntry find -> find(find);
      case ConversationInspection.GetOverview get ->
          get.replyTo()
              .tell(
                  state.exists()
                      ? overview()
                      : new ConversationInspection.Unanswered(Refusal.notFound()));
    }
  }

  private void find(ConversationInspection.FindEntry find) {
    if (!state.exists() || find.seq() < 1 || find.seq() > state.lastSeq()) {
      find.replyTo().tell(new ConversationInspection.Unanswered(Refusal.notFound()));
    } else if (running >= AT_ONCE) {
      find.replyTo()
          .tell(
              new ConversationInspection.Unanswered(
                  Refusal.unavailable("too many entries are being looked up; ask again")));
    } else {
      running++;
      live.context.pipeToSelf(
          lookUp(find.seq()),
          (stored, failure) -> {
            if (failure != null) {
              live.context
                  .getLog()
                  .warn("{}: looking up entry {} failed: {}", live.id, find.seq(), failure);
            }
            return new LookedUp(find, stored);
          });
    }
  }

  private CompletionStage<Stored> lookUp(long seq) {
    return state.archive().isArchived(seq) ? inColdTier(seq) : inJournal(seq);
  }

  private CompletionStage<Stored> inColdTier(long seq) {
    Entry known = state.entryInMemory(seq);
    CompletionStage<Entry> entry =
        known != null
            ? CompletableFuture.completedFuture(known)
            : live.logReader.range(state, seq, seq).thenApply(List::getFirst);
    return live.logReader
        .segmentOf(seq)
        .thenCombine(
            entry,
            (manifest, found) ->
                new Stored(
                    found, 0, new ConversationInspection.Segment(manifest.from(), manifest.to())));
  }

  private CompletionStage<Stored> inJournal(long seq) {
    return live.logReader
        .events(state.index().eventAtOrBefore(seq), state.index().eventAfter(seq))
        .mapConcat(envelope -> stored(envelope, seq).stream().toList())
        .runWith(Sink.head(), live.context.getSystem());
  }

  private static Optional<Stored> stored(EventEnvelope envelope, long seq) {
    return LogReader.entriesOf(envelope.event()).stream()
        .filter(entry -> entry.seq() == seq)
        .findFirst()
        .map(entry -> new Stored(entry, envelope.sequenceNr(), null));
  }

  /** Answers the question of a look-up. An entry in memory needs nothing from the log. */
  void lookedUp(LookedUp lookedUp) {
    running--;
    ConversationInspection.FindEntry find = lookedUp.question();
    Entry known = state.entryInMemory(find.seq());
    Stored stored =
        lookedUp.stored() == null && known != null ? new Stored(known, 0, null) : lookedUp.stored();
    find.replyTo()
        .tell(
            stored == null
                ? new ConversationInspection.Unanswered(
                    Refusal.unavailable("the log cannot be read now"))
                : found(find, stored, known != null));
  }

  private ConversationInspection.EntryFound found(
      ConversationInspection.FindEntry find, Stored stored, boolean inMemory) {
    Entry entry = stored.entry();
    boolean deleted = state.isDeleted(find.seq());
    List<ConversationInspection.MemberStatus> all = members(find);
    List<ConversationInspection.MemberStatus> page =
        all.subList(0, Math.min(ConversationInspection.MEMBERS, all.size()));
    return new ConversationInspection.EntryFound(
        node(),
        entry.messageId(),
        entry.senderId(),
        entry.body().type(),
        deleted,
        entry.body().countable() && !deleted,
        entry.at(),
        stored.event(),
        inMemory
            ? ConversationInspection.Tier.MEMORY
            : stored.segment() == null
                ? ConversationInspection.Tier.JOURNAL
                : ConversationInspection.Tier.COLD,
        stored.segment(),
        state.lastSeq(),
        state.members().size(),
        List.copyOf(page),
        page.size() < all.size());
  }

  private List<ConversationInspection.MemberStatus> members(ConversationInspection.FindEntry find) {
    List<ConversationInspection.MemberStatus> all = new ArrayList<>();
    for (Member member : state.members()) {
      all.add(
          new ConversationInspection.MemberStatus(
              member.userId(),
              member.joinedSeq(),
              member.joinedAt(),
              0,
              member.joinedSeq() > find.seq()
                  ? ConversationInspection.DispatchStatus.JOINED_LATER
                  : live.dispatch.statusOf(member.userId(), find.seq(), live.now()),
              member.delivered(),
              member.read()));
    }
    for (FormerMembers.FormerMember gone : state.former().all()) {
      if (gone.joinedSeq() <= find.seq() && find.seq() <= gone.leftSeq()) {
        all.add(
            new ConversationInspection.MemberStatus(
                gone.userId(),
                gone.joinedSeq(),
                gone.joinedAt(),
                gone.leftSeq(),
                live.dispatch.statusOf(gone.userId(), find.seq(), live.now()),
                0,
                gone.read()));
      }
    }
    all.removeIf(one -> find.after() != null && one.userId().compareTo(find.after()) <= 0);
    all.sort(Comparator.comparing(ConversationInspection.MemberStatus::userId));
    return all;
  }

  private ConversationInspection.Overview overview() {
    return new ConversationInspection.Overview(
        node(),
        state.group() ? ConversationType.GROUP : ConversationType.DIRECT,
        state.members().size(),
        state.createdAt(),
        state.lastSeq(),
        state.lastAt(),
        state.eventNr(),
        state.archive().archivedTo(),
        state.isSettled(),
        live.dispatch.notAcknowledged(),
        live.dispatch.acknowledgedByAll(),
        lastMinute());
  }

  private int lastMinute() {
    long from = live.now() - MINUTE_MILLIS;
    return (int)
        state.entriesInMemory(state.firstSeqInMemory(), state.lastSeq()).stream()
            .filter(entry -> entry.at() > from)
            .count();
  }

  private String node() {
    return live.context.getSystem().address().toString();
  }
}
