package parley.conversation;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.HistoryPage.Tier;
import parley.telemetry.EntityMeters;

/**
 * Loads ranges of entries with their current content. Entries come from memory if they are there,
 * otherwise from the journal or the cold tier, without blocking the entity.
 *
 * <p>Bounds: at most {@value #IN_FLIGHT} reads at once and {@value #MAX_WAITING} that wait; one
 * more is refused. Reads that begin in the cold tier have the same bounds again, so that other
 * reads do not wait if the tier is slow or unavailable. In that case a page that is read backward
 * ends at the archive boundary.
 */
final class HistoryPages {
  static final int IN_FLIGHT = 4;
  static final int MAX_WAITING = 128;

  /**
   * How long a backward page waits for its part in the cold tier, if it can be answered without it.
   */
  private static final Duration COLD_TIMEOUT = Duration.ofSeconds(3);

  private final ActorContext<Conversation.Command> context;
  private final LogReader logReader;
  private final ConversationState state;
  private final EntityMeters meters;
  private final ReadQueue hot = new ReadQueue();
  private final ReadQueue cold = new ReadQueue();

  HistoryPages(
      ActorContext<Conversation.Command> context,
      LogReader logReader,
      ConversationState state,
      EntityMeters meters) {
    this.context = context;
    this.logReader = logReader;
    this.state = state;
    this.meters = meters;
  }

  /** Receives a range, or null if it cannot be read now. Called within the entity. */
  interface Ready {
    void accept(@Nullable List<Entry> entries, EntrySource entrySource);
  }

  /** The running and waiting reads of one tier. */
  private static final class ReadQueue {
    final ArrayDeque<RangeRead> waiting = new ArrayDeque<>();
    int inFlight;
  }

  /** One range that is being loaded. */
  private static final class RangeRead {
    ReadQueue readQueue;
    final long from;
    final long to;
    final long visibleEnd;
    final boolean backward;
    final Ready ready;
    final List<Entry> read = new ArrayList<>();
    final Map<Long, Entry> edits = new HashMap<>();

    /** The tiers from which the entries in {@link #read} came. */
    final List<EntrySource.Range> sources = new ArrayList<>();

    /** Whether the range was read a second time because its entries were archived meanwhile. */
    boolean retried;

    RangeRead(ReadQueue readQueue, long from, long to, long end, boolean backward, Ready ready) {
      this.readQueue = readQueue;
      this.from = from;
      this.to = to;
      this.visibleEnd = end;
      this.backward = backward;
      this.ready = ready;
    }

    long next() {
      return read.isEmpty() ? from : read.getLast().seq() + 1;
    }

    void addSource(Tier tier, long first, long last) {
      if (first <= last) {
        sources.add(new EntrySource.Range(first, last, tier));
      }
    }
  }

  /** A read has ended. */
  record ReadEnded(Consumer<HistoryPages> then) implements Conversation.Internal {
    @Override
    public String toString() {
      return "ReadEnded";
    }
  }

  /** Loads the entries {@code from} to {@code to}, both of which exist, in ascending order. */
  void load(long from, long to, Ready ready) {
    load(from, to, Long.MAX_VALUE, ready);
  }

  /**
   * Like {@link #load(long, long, Ready)}, for a viewer who sees the log only up to {@code end}.
   * Edits after {@code end} are not shown; deletes are.
   */
  void load(long from, long to, long end, Ready ready) {
    load(from, to, end, false, ready);
  }

  /**
   * Like {@link #load(long, long, long, Ready)}, for a page that is read backward. If the cold tier
   * does not deliver its part, or not in time, the result holds only the entries that can be read
   * without it: a shorter range that still ends with {@code to}.
   */
  void loadBackward(long from, long to, long end, Ready ready) {
    load(from, to, end, true, ready);
  }

  private void load(long from, long to, long end, boolean backward, Ready ready) {
    enqueue(new RangeRead(queueOf(from), from, to, end, backward, ready));
  }

  private ReadQueue queueOf(long from) {
    return state.archive().isArchived(from) ? cold : hot;
  }

  private void enqueue(RangeRead rangeRead) {
    ReadQueue readQueue = rangeRead.readQueue;
    if (rangeRead.from >= state.firstSeqInMemory() || rangeRead.from > rangeRead.to) {
      continueRead(rangeRead);
    } else if (readQueue.inFlight < IN_FLIGHT) {
      readQueue.inFlight++;
      continueRead(rangeRead);
    } else if (readQueue.waiting.size() < MAX_WAITING) {
      readQueue.waiting.add(rangeRead);
    } else {
      cutOrRefuse(rangeRead);
    }
  }

  private void cutOrRefuse(RangeRead rangeRead) {
    if (canSkipColdTier(rangeRead)) {
      load(firstSeqWithoutColdTier(), rangeRead.to, rangeRead.visibleEnd, rangeRead.ready);
    } else {
      rangeRead.ready.accept(null, EntrySource.MEMORY);
    }
  }

  /** The first seq that can be read without the cold tier. */
  private long firstSeqWithoutColdTier() {
    return Math.min(state.archive().archivedTo() + 1, state.firstSeqInMemory());
  }

  private boolean canSkipColdTier(RangeRead rangeRead) {
    return rangeRead.backward
        && rangeRead.from < firstSeqWithoutColdTier()
        && firstSeqWithoutColdTier() <= rangeRead.to;
  }

  private void continueRead(RangeRead rangeRead) {
    long next = rangeRead.next();
    long inMemory = Math.max(rangeRead.from, state.firstSeqInMemory());
    if (next <= rangeRead.to && next < inMemory) {
      long last = Math.min(rangeRead.to, inMemory - 1);
      long coldTo = Math.min(last, state.archive().archivedTo());
      CompletionStage<List<Entry>> result = logReader.range(state, next, last);
      read(
          rangeRead,
          canSkipColdTier(rangeRead)
              ? result
                  .toCompletableFuture()
                  .copy()
                  .orTimeout(COLD_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
              : result,
          found -> {
            rangeRead.addSource(Tier.COLD, next, coldTo);
            rangeRead.addSource(Tier.HOT, Math.max(next, coldTo + 1), last);
            rangeRead.read.addAll(found);
          });
      return;
    }
    Entry edit = missingEdit(rangeRead);
    if (edit != null) {
      long seq = state.amendmentOf(edit.seq());
      read(
          rangeRead,
          logReader.range(state, seq, seq),
          found -> found.forEach(entry -> rangeRead.edits.put(entry.seq(), entry)));
      return;
    }
    finish(rangeRead);
  }

  private void read(
      RangeRead rangeRead, CompletionStage<List<Entry>> result, Consumer<List<Entry>> take) {
    long border = state.archive().archivedTo();
    context.pipeToSelf(
        result,
        (entries, failure) ->
            new ReadEnded(
                historyPages -> {
                  if (hole(failure)
                      && border < state.archive().archivedTo()
                      && !rangeRead.retried) {
                    context
                        .getLog()
                        .info(
                            "{}: entries were archived during a read; they are read again",
                            state.id());
                    historyPages.readAgain(rangeRead);
                  } else if (entries == null || entries.isEmpty()) {
                    context.getLog().warn("{}: reading the log failed", state.id(), failure);
                    historyPages.end(rangeRead, null);
                  } else {
                    take.accept(entries);
                    historyPages.continueRead(rangeRead);
                  }
                }));
  }

  private static boolean hole(@Nullable Throwable failure) {
    return failure instanceof LogReader.HoleException
        || (failure instanceof CompletionException && hole(failure.getCause()));
  }

  /**
   * Reads a range again whose entries were archived and removed from the journal during the read.
   * They are in the cold tier now. A range is read again only once, so that a log with a hole is
   * not read for ever.
   */
  private void readAgain(RangeRead rangeRead) {
    rangeRead.retried = true;
    ReadQueue before = rangeRead.readQueue;
    rangeRead.readQueue = queueOf(rangeRead.from);
    if (rangeRead.readQueue == before) {
      continueRead(rangeRead);
    } else {
      before.inFlight--;
      enqueue(rangeRead);
      next(before);
    }
  }

  private @Nullable Entry missingEdit(RangeRead rangeRead) {
    for (Entry entry : rangeRead.read) {
      long amendment = state.amendmentOf(entry.seq());
      if (amendment > 0
          && amendment <= rangeRead.visibleEnd
          && editOf(rangeRead, amendment) == null) {
        return entry;
      }
    }
    for (Entry entry : state.entriesInMemory(rangeRead.next(), rangeRead.to)) {
      long amendment = state.amendmentOf(entry.seq());
      if (amendment > 0
          && amendment <= rangeRead.visibleEnd
          && editOf(rangeRead, amendment) == null) {
        return entry;
      }
    }
    return null;
  }

  private @Nullable Entry editOf(RangeRead rangeRead, long seq) {
    Entry edit = rangeRead.edits.get(seq);
    return edit != null ? edit : state.entryInMemory(seq);
  }

  private void finish(RangeRead rangeRead) {
    boolean fromLog = !rangeRead.read.isEmpty();
    List<Entry> inMemory = state.entriesInMemory(rangeRead.next(), rangeRead.to);
    List<Entry> all = new ArrayList<>(rangeRead.read.size() + inMemory.size());
    rangeRead.read.forEach(entry -> all.add(current(rangeRead, entry)));
    inMemory.forEach(entry -> all.add(current(rangeRead, entry)));
    if (fromLog) {
      boolean cold = rangeRead.sources.stream().anyMatch(one -> one.tier() == Tier.COLD);
      meters.readFromStore(cold);
      rangeRead.addSource(Tier.MEMORY, rangeRead.next(), rangeRead.to);
      end(rangeRead, all);
    } else {
      meters.readFromMemory();
      // The edits of these entries are newer, so they are in memory too.
      rangeRead.ready.accept(all, EntrySource.MEMORY);
    }
  }

  private void end(RangeRead rangeRead, @Nullable List<Entry> entries) {
    ReadQueue readQueue = rangeRead.readQueue;
    readQueue.inFlight--;
    if (entries == null) {
      cutOrRefuse(rangeRead);
    } else {
      rangeRead.ready.accept(entries, new EntrySource(rangeRead.sources));
    }
    next(readQueue);
  }

  /** Starts the next waiting read. */
  private void next(ReadQueue readQueue) {
    RangeRead next = readQueue.waiting.poll();
    while (next != null && readQueue == hot && state.archive().isArchived(next.from)) {
      // The entries were archived while the read waited.
      next.readQueue = cold;
      enqueue(next);
      next = readQueue.waiting.poll();
    }
    if (next != null) {
      readQueue.inFlight++;
      continueRead(next);
    }
  }

  private Entry current(RangeRead rangeRead, Entry entry) {
    return switch (entry.body()) {
      case EntryBody.Text text -> {
        long amendment = state.amendmentOf(entry.seq());
        if (amendment == AmendedEntries.DELETED) {
          yield entry.withBody(new EntryBody.Text(null, null, null, false));
        }
        boolean edited = amendment != AmendedEntries.NONE && amendment <= rangeRead.visibleEnd;
        Entry edit = edited ? editOf(rangeRead, amendment) : null;
        if (edit != null && edit.body() instanceof EntryBody.Edit newer) {
          yield entry.withBody(
              new EntryBody.Text(newer.content(), text.replyTo(), text.mentions(), true));
        }
        yield entry;
      }
      case EntryBody.Edit edit ->
          state.isDeleted(edit.targetSeq())
              ? entry.withBody(new EntryBody.Edit(edit.targetSeq(), null))
              : entry;
      default -> entry;
    };
  }
}
