package parley.conversation;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.persistence.query.javadsl.CurrentEventsByPersistenceIdQuery;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import parley.model.Entry;

/**
 * Reads entries of one conversation from its journal, outside of the entity, as they were written.
 * Every read is a stream: memory holds what was asked for, however long the way to it.
 */
final class Log {
  private final ActorSystem<?> system;
  private final CurrentEventsByPersistenceIdQuery journal;
  private final String persistenceId;

  /**
   * A reader of one conversation.
   *
   * @param plugin the configured read journal
   */
  Log(ActorSystem<?> system, String plugin, String persistenceId) {
    this.system = system;
    this.journal =
        PersistenceQuery.get(system)
            .getReadJournalFor(CurrentEventsByPersistenceIdQuery.class, plugin);
    this.persistenceId = persistenceId;
  }

  /** The entries {@code from} to {@code to}, which the events of the range hold. */
  CompletionStage<List<Entry>> range(long fromEvent, long toEvent, long from, long to) {
    return entries(fromEvent, toEvent)
        .dropWhile(entry -> entry.seq() < from)
        .takeWhile(entry -> entry.seq() < to, true)
        .filter(entry -> entry.seq() <= to)
        .runWith(Sink.<Entry>seq(), system)
        .thenApply(ArrayList::new);
  }

  /** The first entry of the range that fits. */
  CompletionStage<Optional<Entry>> find(long fromEvent, long toEvent, Predicate<Entry> wanted) {
    return entries(fromEvent, toEvent)
        .filter(wanted::test)
        .runWith(Sink.<Entry>headOption(), system);
  }

  /** How many entries of the range fit. */
  CompletionStage<Long> count(long fromEvent, long toEvent, Predicate<Entry> wanted) {
    return entries(fromEvent, toEvent)
        .runWith(Sink.fold(0L, (sum, entry) -> wanted.test(entry) ? sum + 1 : sum), system);
  }

  private Source<Entry, NotUsed> entries(long fromEvent, long toEvent) {
    // One more than wanted: a range of one event is refused by one of the journals, and so is a
    // number
    // that does not fit an int.
    long last = Math.min(toEvent, Integer.MAX_VALUE - 1);
    return journal
        .currentEventsByPersistenceId(persistenceId, fromEvent, last + 1)
        .takeWhile(envelope -> envelope.sequenceNr() <= last)
        .mapConcat(
            envelope ->
                envelope.event() instanceof ConversationEvent.EntriesAppended appended
                    ? appended.entries()
                    : List.<Entry>of());
  }
}
