package parley.journal;

import com.typesafe.config.Config;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.persistence.AtomicWrite;
import org.apache.pekko.persistence.PersistentRepr;
import org.apache.pekko.persistence.journal.japi.AsyncWriteJournal;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.FutureConverters;

/**
 * The journal plugin {@code parley-journal}. It serializes events on the plugin's own thread.
 * {@link GroupCommit} writes them. Reads run on {@code parley.dispatchers.journal-reads}.
 */
public final class EmbeddedJournal extends AsyncWriteJournal {
  /** The plugin's id. */
  public static final String PLUGIN = "parley-journal";

  private static final Iterable<Optional<Exception>> NONE_REJECTED = List.of();

  private final ActorSystem system = context().system();
  private final Serialization serialization = SerializationExtension.get(system);
  private final JournalFile file;
  private final Executor readExecutor;
  private final JournalMeters meters = JournalMeters.ofProcess();
  private final BreakerMirror breaker;

  /**
   * In-flight writes by persistence id. Reading the highest sequence number and deleting events
   * wait for them.
   */
  private final Map<String, CompletionStage<?>> inFlightWrites = new ConcurrentHashMap<>();

  /** Called by Pekko with the plugin's own configuration. */
  public EmbeddedJournal(Config config) {
    file = JournalFile.requireOpen(config.getString("folder"));
    readExecutor = system.dispatchers().lookup(config.getString("read-dispatcher"));
    breaker = BreakerMirror.ofJournal(system, config);
  }

  @Override
  public Future<Iterable<Optional<Exception>>> doAsyncWriteMessages(Iterable<AtomicWrite> writes) {
    List<Optional<Exception>> rejected = new ArrayList<>();
    List<GroupCommit.Write> wanted = new ArrayList<>();
    boolean any = false;
    for (AtomicWrite write : writes) {
      try {
        wanted.add(write(write));
        rejected.add(Optional.empty());
      } catch (Exception e) { // includes checked exceptions that Scala does not declare
        // No retry can write this event: it is rejected, and the entity goes on.
        rejected.add(Optional.of(e));
        any = true;
      }
    }
    List<CompletionStage<Void>> stored = new ArrayList<>();
    long start = System.nanoTime();
    for (GroupCommit.Write write : wanted) {
      inFlightWrites.put(write.id(), write.done());
      stored.add(
          file.submit(write)
              .whenComplete(
                  (done, e) -> {
                    inFlightWrites.remove(write.id(), write.done());
                    meters.written(write.id(), System.nanoTime() - start, e != null);
                  }));
    }
    CompletionStage<Void> all =
        stored.size() == 1
            ? stored.getFirst()
            : CompletableFuture.allOf(
                stored.stream()
                    .map(CompletionStage::toCompletableFuture)
                    .toArray(CompletableFuture<?>[]::new));
    Iterable<Optional<Exception>> result = any ? rejected : NONE_REJECTED;
    return breaker.follow(FutureConverters.asScala(all.thenApply(done -> result)));
  }

  private GroupCommit.Write write(AtomicWrite write) {
    byte[] prefix = RowKeys.prefix(write.persistenceId());
    long now = System.currentTimeMillis();
    List<GroupCommit.Put> puts = new ArrayList<>(write.size());
    for (PersistentRepr event : CollectionConverters.asJava(write.payload())) {
      if (event.metadata().isDefined()) {
        throw new UnsupportedOperationException("metadata of events is not stored");
      }
      JournalRow journalRow =
          JournalRow.of(serialization, event.payload(), now, event.manifest(), event.writerUuid());
      byte[] row = journalRow.encoded();
      meters.event(write.persistenceId(), row.length);
      puts.add(
          new GroupCommit.Put(
              ColumnFamily.EVENTS, RowKeys.rowKey(prefix, event.sequenceNr()), row));
    }
    return new GroupCommit.Write(
        write.persistenceId(),
        write.lowestSequenceNr(),
        write.highestSequenceNr(),
        puts,
        new CompletableFuture<>());
  }

  @Override
  public Future<Void> doAsyncDeleteMessagesTo(String id, long to) {
    return breaker.follow(
        FutureConverters.asScala(
            inFlightWriteDone(id)
                .thenCompose(ignored -> file.remove(ColumnFamily.EVENTS, id, to))));
  }

  @Override
  public Future<Long> doAsyncReadHighestSequenceNr(String id, long from) {
    return breaker.follow(
        FutureConverters.asScala(
            inFlightWriteDone(id).thenApplyAsync(ignored -> file.highestNumber(id), readExecutor)));
  }

  /** Completes when no write of that entity is in flight, whether the write succeeded or failed. */
  private CompletionStage<Void> inFlightWriteDone(String id) {
    CompletionStage<?> write = inFlightWrites.get(id);
    return write == null
        ? CompletableFuture.completedFuture(null)
        : write.handle((done, e) -> (Void) null);
  }

  @Override
  public Future<Void> doAsyncReplayMessages(
      String id, long from, long to, long max, Consumer<PersistentRepr> replay) {
    return FutureConverters.asScala(
        CompletableFuture.runAsync(() -> replay(id, from, to, max, replay), readExecutor));
  }

  private void replay(String id, long from, long to, long max, Consumer<PersistentRepr> replay) {
    long next = from;
    long left = max;
    while (left > 0 && next <= to) {
      List<JournalFile.NumberedRow> page =
          file.rows(ColumnFamily.EVENTS, id, next, to, Math.min(left, EmbeddedEvents.PAGE));
      for (JournalFile.NumberedRow numberedRow : page) {
        JournalRow journalRow = numberedRow.row();
        replay.accept(
            PersistentRepr.apply(
                    journalRow.value(system),
                    numberedRow.number(),
                    id,
                    journalRow.adapter(),
                    false,
                    ActorRef.noSender(),
                    journalRow.writer())
                .withTimestamp(journalRow.time()));
      }
      if (page.size() < Math.min(left, EmbeddedEvents.PAGE)) {
        return;
      }
      left -= page.size();
      next = page.getLast().number() + 1;
    }
  }
}
