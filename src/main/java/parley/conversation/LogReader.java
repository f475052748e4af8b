package parley.conversation;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.persistence.query.EventEnvelope;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.persistence.query.javadsl.CurrentEventsByPersistenceIdQuery;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import parley.archive.ColdTier;
import parley.archive.Manifest;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.UserId;

/**
 * Reads entries of one conversation outside of the entity, as they were written. Archived entries
 * come from the cold tier, all others from the journal. Every read is a stream, so memory holds
 * only the result, however much is read on the way.
 *
 * <p>A range is read completely, or the read fails. Events may be removed from the journal during a
 * read, because they have just been archived. The reader then finds a hole and fails; it never
 * returns a shorter range. A retry reads those entries from the cold tier.
 */
final class LogReader {
  /**
   * A search or count of fewer entries of the journal, or of the cold tier, than this is read like
   * a page, and does not queue with their scans.
   */
  private static final int SHORT_SCAN = 1_000;

  private final ActorSystem<?> system;
  private final CurrentEventsByPersistenceIdQuery journal;
  private final ConversationId id;
  private final String persistenceId;
  private final ColdTier cold;
  private final LogScans scans;

  /**
   * A reader of one conversation.
   *
   * @param plugin the configuration path of the read journal
   * @param cold where archived entries are read
   * @param scans limits searches and counts
   */
  LogReader(
      ActorSystem<?> system, String plugin, ConversationId id, ColdTier cold, LogScans scans) {
    this.system = system;
    this.journal =
        PersistenceQuery.get(system)
            .getReadJournalFor(CurrentEventsByPersistenceIdQuery.class, plugin);
    this.id = id;
    this.persistenceId = persistenceId(id);
    this.cold = cold;
    this.scans = scans;
  }

  /** The prefix of the persistence ids of conversations. It must never change. */
  static final String PERSISTENCE_ID_PREFIX = "conversation|";

  /** The persistence id of a conversation. */
  static String persistenceId(ConversationId id) {
    return PERSISTENCE_ID_PREFIX + id.value();
  }

  /** An entry or event is missing in the log. */
  static final class HoleException extends RuntimeException {
    private static final long serialVersionUID = 1;

    HoleException(String where) {
      super(where);
    }
  }

  /** Reads the entries {@code from} to {@code to}, all of which must exist. */
  CompletionStage<List<Entry>> range(ConversationState state, long from, long to) {
    return entries(state, from, to).runWith(Sink.<Entry>seq(), system).thenApply(ArrayList::new);
  }

  /**
   * Finds the first entry of the range that matches. Fails with {@link LogScans.ScanRefused} if the
   * user has read too much.
   *
   * @param by the user whose budget and turns the search takes
   */
  CompletionStage<Optional<Entry>> find(
      ConversationState state, UserId by, long from, long to, Predicate<Entry> wanted) {
    long planned = to - from + 1;
    LogScans.ScanRefused refused = scans.take(by, planned);
    if (refused != null) {
      return CompletableFuture.failedFuture(refused);
    }
    AtomicLong read = new AtomicLong();
    return scan(state, by, from, to)
        .filter(
            entry -> {
              read.lazySet(entry.seq() - from + 1);
              return wanted.test(entry);
            })
        .runWith(Sink.<Entry>headOption(), system)
        // A search that fails has cost what it has read. An outage must not use up the budget.
        .whenComplete((found, failure) -> scans.giveBack(by, planned - read.get()));
  }

  /**
   * Counts the entries of the range that match.
   *
   * @param by the user whose turns the count takes
   */
  CompletionStage<Long> count(
      ConversationState state, UserId by, long from, long to, Predicate<Entry> wanted) {
    return scan(state, by, from, to)
        .runWith(Sink.fold(0L, (sum, entry) -> wanted.test(entry) ? sum + 1 : sum), system);
  }

  /**
   * All entries of a range that exists, in ascending order. What is archived is decided by the
   * state at the time of the call.
   */
  Source<Entry, NotUsed> entries(ConversationState state, long from, long to) {
    long archivedTo = Math.min(to, state.archive().archivedTo());
    return entries(state, from, to, cold -> cold.read(id, from, archivedTo), hot -> hot);
  }

  /**
   * Like {@link #entries(ConversationState, long, long)}, for a search or a count. A long one takes
   * a turn of the user, in the cold tier and in the journal.
   */
  private Source<Entry, NotUsed> scan(ConversationState state, UserId by, long from, long to) {
    long archivedTo = Math.min(to, state.archive().archivedTo());
    boolean longInCold = archivedTo - from >= SHORT_SCAN;
    boolean longInJournal = to - Math.max(from - 1, state.archive().archivedTo()) > SHORT_SCAN;
    return entries(
        state,
        from,
        to,
        cold -> longInCold ? cold.scan(id, from, archivedTo, by) : cold.read(id, from, archivedTo),
        hot -> longInJournal ? scans.inTurn(by, hot) : hot);
  }

  /** The segment of the cold tier that holds an archived entry. */
  CompletionStage<Manifest> segmentOf(long seq) {
    return cold.segmentOf(id, seq).runWith(Sink.head(), system);
  }

  /** The whole log, past the caches of the cold tier. */
  Source<Entry, NotUsed> storedEntries(ConversationState state) {
    return entries(
        state,
        1,
        state.lastSeq(),
        cold -> cold.readStored(id, 1, state.archive().archivedTo()),
        hot -> hot);
  }

  private Source<Entry, NotUsed> entries(
      ConversationState state,
      long from,
      long to,
      Function<ColdTier, Source<Entry, NotUsed>> archived,
      UnaryOperator<Source<Entry, NotUsed>> inJournal) {
    Source<Entry, NotUsed> found = Source.empty();
    if (from <= Math.min(to, state.archive().archivedTo())) {
      found = archived.apply(cold);
    }
    long hot = Math.max(from, state.archive().archivedTo() + 1);
    if (hot <= to) {
      long firstEvent =
          Math.max(state.index().eventAtOrBefore(hot), state.archive().archivedEvent() + 1);
      found =
          found.concatLazy(inJournal.apply(hot(firstEvent, state.index().eventAfter(to), hot, to)));
    }
    return requireComplete(found, from, to);
  }

  private Source<Entry, NotUsed> hot(long firstEvent, long lastEvent, long from, long to) {
    return events(firstEvent, lastEvent)
        .mapConcat(envelope -> entriesOf(envelope.event()))
        .dropWhile(entry -> entry.seq() < from)
        .takeWhile(entry -> entry.seq() < to, true)
        .filter(entry -> entry.seq() <= to);
  }

  /** The entries of an event. */
  static List<Entry> entriesOf(Object event) {
    return event instanceof ConversationEvent.EntriesAppended appended
        ? appended.entries()
        : List.of();
  }

  /**
   * The events {@code from} to {@code to} of the journal, both included. The stream ends earlier if
   * the journal does.
   */
  Source<EventEnvelope, NotUsed> events(long from, long to) {
    // Asks for one event more: one of the journals refuses a range of one event, and a number that
    // does not fit into an int.
    long last = Math.min(to, Integer.MAX_VALUE - 1);
    return journal
        .currentEventsByPersistenceId(persistenceId, from, last + 1)
        .takeWhile(envelope -> envelope.sequenceNr() <= last);
  }

  /**
   * The event of that number, or nothing. In the store that is shared this is one small read,
   * whether or not there is such an event.
   */
  Source<EventEnvelope, NotUsed> event(long number) {
    return journal.currentEventsByPersistenceId(persistenceId, number, number);
  }

  /** The same entries, or a {@link HoleException} if they are not exactly those of the range. */
  private Source<Entry, NotUsed> requireComplete(Source<Entry, NotUsed> found, long from, long to) {
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
