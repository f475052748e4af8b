package parley.conversation;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.persistence.query.EventEnvelope;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.persistence.query.javadsl.CurrentEventsByPersistenceIdQuery;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;
import parley.archive.ColdTier;
import parley.archive.ColdUnavailable;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.UserId;

/**
 * Reads entries of one conversation outside of the entity, as they were written: those that the
 * state knows to be archived from the cold tier, the others from the journal. Every read is a
 * stream: memory holds what was asked for, however long the way to it.
 *
 * <p>A range is read whole or the read fails. Events may be removed from the journal while somebody
 * reads it, because they have just been archived: that is a hole, and a hole is a failure, never a
 * shorter answer. Who asks again reads the cold tier.
 */
final class LogReader {
  /** So long a search or count does not stand behind others, but is read as a page is. */
  private static final int SHORT = 1_000;

  private final ActorSystem<?> system;
  private final CurrentEventsByPersistenceIdQuery journal;
  private final ConversationId id;
  private final String persistenceId;
  private final @Nullable ColdTier cold;

  /**
   * A reader of one conversation.
   *
   * @param plugin the configured read journal
   * @param cold null where nothing is archived; what was once is then not to be had
   */
  LogReader(ActorSystem<?> system, String plugin, ConversationId id, @Nullable ColdTier cold) {
    this.system = system;
    this.journal =
        PersistenceQuery.get(system)
            .getReadJournalFor(CurrentEventsByPersistenceIdQuery.class, plugin);
    this.id = id;
    this.persistenceId = persistenceId(id);
    this.cold = cold;
  }

  /** What all names of conversations in the journal begin with. For ever. */
  static final String PREFIX = "conversation|";

  /** The name of a conversation's events in the journal. */
  static String persistenceId(ConversationId id) {
    return PREFIX + id.value();
  }

  /** The log has not what it should have. */
  static final class HoleException extends RuntimeException {
    private static final long serialVersionUID = 1;

    HoleException(String where) {
      super(where);
    }
  }

  /** The entries {@code from} to {@code to}, all of which exist. */
  CompletionStage<List<Entry>> range(ConversationState state, long from, long to) {
    return entries(state, from, to).runWith(Sink.<Entry>seq(), system).thenApply(ArrayList::new);
  }

  /** The first entry of the range that fits, in a turn of the user for whom it is. */
  CompletionStage<Optional<Entry>> find(
      ConversationState state, UserId by, long from, long to, Predicate<Entry> wanted) {
    return scan(state, by, from, to).filter(wanted::test).runWith(Sink.<Entry>headOption(), system);
  }

  /** How many entries of the range fit, in a turn of the user for whom it is. */
  CompletionStage<Long> count(
      ConversationState state, UserId by, long from, long to, Predicate<Entry> wanted) {
    return scan(state, by, from, to)
        .runWith(Sink.fold(0L, (sum, entry) -> wanted.test(entry) ? sum + 1 : sum), system);
  }

  /** All of a range, which exists, ascending; the borders are those of the state now. */
  Source<Entry, NotUsed> entries(ConversationState state, long from, long to) {
    return entries(state, from, to, cold -> cold.read(id, from, Math.min(to, state.archivedTo)));
  }

  /** The same where nobody waits for the first, and in the cold tier's turns for such. */
  private Source<Entry, NotUsed> scan(ConversationState state, UserId by, long from, long to) {
    if (Math.min(to, state.archivedTo) - from < SHORT) {
      return entries(state, from, to);
    }
    return entries(
        state, from, to, cold -> cold.scan(id, from, Math.min(to, state.archivedTo), by));
  }

  /** The same of the whole log, past what is cached on the way. */
  Source<Entry, NotUsed> stored(ConversationState state) {
    return entries(state, 1, state.lastSeq, cold -> cold.readStored(id, 1, state.archivedTo));
  }

  private Source<Entry, NotUsed> entries(
      ConversationState state,
      long from,
      long to,
      Function<ColdTier, Source<Entry, NotUsed>> archived) {
    Source<Entry, NotUsed> found = Source.empty();
    if (from <= Math.min(to, state.archivedTo)) {
      found =
          cold == null
              ? Source.failed(new ColdUnavailable("no cold tier is configured", null))
              : archived.apply(cold);
    }
    long hot = Math.max(from, state.archivedTo + 1);
    if (hot <= to) {
      long firstEvent = Math.max(state.index.eventAtOrBefore(hot), state.archivedEvent + 1);
      found = found.concatLazy(hot(firstEvent, state.index.eventAfter(to), hot, to));
    }
    return whole(found, from, to);
  }

  private Source<Entry, NotUsed> hot(long firstEvent, long lastEvent, long from, long to) {
    return events(firstEvent, lastEvent)
        .mapConcat(envelope -> entriesOf(envelope.event()))
        .dropWhile(entry -> entry.seq() < from)
        .takeWhile(entry -> entry.seq() < to, true)
        .filter(entry -> entry.seq() <= to);
  }

  /** The entries an event brought. */
  static List<Entry> entriesOf(Object event) {
    return event instanceof ConversationEvent.EntriesAppended appended
        ? appended.entries()
        : List.of();
  }

  /** Events of the journal, both numbers included; the end of the journal ends it earlier. */
  Source<EventEnvelope, NotUsed> events(long from, long to) {
    // One more than wanted: a range of one event is refused by one of the journals, and so is a
    // number that does not fit an int.
    long last = Math.min(to, Integer.MAX_VALUE - 1);
    return journal
        .currentEventsByPersistenceId(persistenceId, from, last + 1)
        .takeWhile(envelope -> envelope.sequenceNr() <= last);
  }

  /** The same entries, or a failure where they are not just those of the range. */
  private Source<Entry, NotUsed> whole(Source<Entry, NotUsed> found, long from, long to) {
    return found
        .map(Optional::of)
        .concat(Source.single(Optional.empty()))
        .statefulMapConcat(
            () -> {
              long[] next = {from};
              return one -> {
                if (one.isEmpty() ? next[0] <= to : one.get().seq() != next[0]) {
                  throw new HoleException(
                      id + ": entry " + next[0] + " of " + from + " to " + to + " was not found");
                }
                next[0]++;
                return one.map(List::of).orElse(List.of());
              };
            });
  }
}
