package parley.conversation;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.stream.javadsl.Sink;
import org.jspecify.annotations.Nullable;
import parley.archive.ColdTier;
import parley.archive.Manifest;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.EntryBody;

/**
 * Checks stored conversations without starting their entities, and reports what is wrong. For each
 * conversation it checks:
 *
 * <ul>
 *   <li>The newest snapshot and the later events give a state.
 *   <li>Cold tier and journal together hold the entries 1 to the last one, each once, with correct
 *       checksums.
 *   <li>The manifests cover the archived entries.
 *   <li>The entries in the snapshot are the same as the stored ones.
 * </ul>
 *
 * <p>It holds one segment in memory, however long the conversation is. It changes nothing, and may
 * run beside a server: a conversation that archives during the check is read again.
 */
public final class ConversationVerifier {
  /** The prefix of the persistence ids of conversations. */
  public static final String PERSISTENCE_ID_PREFIX = LogReader.PERSISTENCE_ID_PREFIX;

  /** How often a conversation is read that archives during the check. */
  private static final int TRIES = 3;

  private final ActorSystem<?> system;
  private final String readJournal;
  private final @Nullable ColdTier cold;

  /**
   * The result for one conversation.
   *
   * @param entries how many entries it has
   * @param archived how many of them are in the cold tier
   * @param problems what is wrong, without message content; empty if nothing is
   */
  public record Result(ConversationId id, long entries, long archived, List<String> problems) {}

  /**
   * A verifier.
   *
   * @param readJournal the configuration path of the read journal
   * @param cold null if there is no cold tier
   */
  public ConversationVerifier(ActorSystem<?> system, String readJournal, @Nullable ColdTier cold) {
    this.system = system;
    this.readJournal = readJournal;
    this.cold = cold;
  }

  /** The conversation of a persistence id, which begins with {@link #PERSISTENCE_ID_PREFIX}. */
  public static ConversationId named(String persistenceId) {
    return new ConversationId(persistenceId.substring(PERSISTENCE_ID_PREFIX.length()));
  }

  /**
   * Checks one conversation. The stage never fails: data that cannot be read is a problem in the
   * result.
   */
  public CompletionStage<Result> verify(ConversationId id) {
    return verify(id, TRIES);
  }

  private CompletionStage<Result> verify(ConversationId id, int tries) {
    Reading reading = new Reading(id);
    return reading
        .run()
        .thenCompose(
            result -> {
              if (result.problems().isEmpty() || tries <= 1) {
                return CompletableFuture.completedFuture(result);
              }
              Reading again = new Reading(id);
              return again
                  .load()
                  .thenCompose(
                      loaded ->
                          again.state.archive().archivedTo() == reading.state.archive().archivedTo()
                              ? CompletableFuture.completedFuture(result)
                              : verify(id, tries - 1));
            });
  }

  /** One pass over one conversation. */
  private final class Reading {
    final ConversationId id;
    final LogReader logReader;
    final List<String> problems = new ArrayList<>();
    ConversationState state;
    long lastAt;

    Reading(ConversationId id) {
      this.id = id;
      this.logReader =
          new LogReader(
              system,
              readJournal,
              id,
              cold == null ? new MissingColdTier() : cold,
              new LogScans(() -> {}, System::nanoTime));
      this.state = new ConversationState(id);
    }

    CompletionStage<Result> run() {
      return load()
          .thenCompose(loaded -> entries())
          .thenCompose(read -> manifests())
          .thenApply(
              done ->
                  new Result(
                      id, state.lastSeq(), state.archive().archivedTo(), List.copyOf(problems)));
    }

    /** Recovers the state as the entity would. */
    CompletionStage<Done> load() {
      return step(
          "its events",
          new JournalRemoval(system, LogReader.persistenceId(id))
              .snapshot()
              .thenCompose(
                  snapshot -> {
                    snapshot.ifPresent(found -> state = ConversationState.of(id, found));
                    return logReader
                        .events(state.eventNr() + 1, Long.MAX_VALUE)
                        .runWith(
                            Sink.foreach(
                                event -> {
                                  if (event.sequenceNr() != state.eventNr() + 1) {
                                    throw new LogReader.HoleException(
                                        "event " + (state.eventNr() + 1) + " is missing");
                                  }
                                  state.apply((ConversationEvent) event.event());
                                }),
                            system);
                  }));
    }

    private CompletionStage<Done> entries() {
      if (!problems.isEmpty()) {
        return CompletableFuture.completedFuture(Done.getInstance());
      }
      if (!state.exists()) {
        problems.add("there is no such conversation");
      }
      if (state.archive().archivedTo() > state.lastSeq()
          || state.archive().removedTo() > state.archive().archivedEvent()) {
        problems.add("its archive boundaries contradict each other");
      }
      return step(
          "its entries", logReader.storedEntries(state).runWith(Sink.foreach(this::entry), system));
    }

    private void entry(Entry entry) {
      if (entry.at() < lastAt) {
        problems.add("entry " + entry.seq() + " is older than the one before it");
      }
      lastAt = Math.max(lastAt, entry.at());
      Entry known = state.entryInMemory(entry.seq());
      if (known != null && !known.equals(entry) && !known.equals(entry.withBody(known.body()))) {
        problems.add("entry " + entry.seq() + " is a different one in the snapshot");
      } else if (known != null && !known.equals(entry) && !contentRemoved(entry.body())) {
        problems.add("entry " + entry.seq() + " has different content in the snapshot");
      }
    }

    /** Whether the content was removed because the entry was deleted before it was archived. */
    private boolean contentRemoved(EntryBody entryBody) {
      return (entryBody instanceof EntryBody.Text text && text.content() == null)
          || (entryBody instanceof EntryBody.Edit edit && edit.content() == null);
    }

    private CompletionStage<Done> manifests() {
      if (cold == null || state.archive().archivedTo() == 0) {
        return CompletableFuture.completedFuture(Done.getInstance());
      }
      long[] covered = {0};
      return step(
              "its manifests",
              cold.manifests(id).runWith(Sink.foreach(one -> cover(covered, one)), system))
          .thenApply(
              done -> {
                if (problems.isEmpty() && covered[0] < state.archive().archivedTo()) {
                  problems.add("there is no manifest for entry " + (covered[0] + 1));
                }
                return done;
              });
    }

    /**
     * Extends the covered range by one manifest. Manifests come in the order of their last entry.
     * They may overlap if two nodes have written.
     */
    private void cover(long[] covered, Manifest one) {
      if (one.from() <= covered[0] + 1) {
        covered[0] = Math.max(covered[0], one.to());
      }
    }

    private CompletionStage<Done> step(String what, CompletionStage<Done> work) {
      return work.handle(
          (done, failure) -> {
            if (failure != null) {
              Throwable cause = failure.getCause() == null ? failure : failure.getCause();
              problems.add(
                  what
                      + " cannot be read: "
                      + cause.getClass().getSimpleName()
                      + ": "
                      + cause.getMessage());
            }
            return Done.getInstance();
          });
    }
  }
}
