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

/**
 * Loads ranges of entries with their current content. Entries come from memory if they are there,
 * otherwise from the journal or the cold tier, without blocking the entity.
 *
 * <p>Bounds: at most {@value #IN_FLIGHT} reads at once and {@value #WAITING} that wait; one more is
 * refused. Reads that begin in the cold tier have the same bounds again, so that other reads do not
 * wait if the tier is slow or unavailable. In that case a page that is read backward ends at the
 * archive boundary.
 */
final class HistoryPages {
  static final int IN_FLIGHT = 4;
  static final int WAITING = 128;

  /**
   * How long a backward page waits for its part in the cold tier, if it can be answered without it.
   */
  private static final Duration BORDER = Duration.ofSeconds(3);

  private final ActorContext<Conversation.Command> context;
  private final LogReader logReader;
  private final ConversationState state;
  private final Lane hot = new Lane();
  private final Lane cold = new Lane();

  HistoryPages(
      ActorContext<Conversation.Command> context, LogReader logReader, ConversationState state) {
    this.context = context;
    this.logReader = logReader;
    this.state = state;
  }

  /** Receives a range, or null if it cannot be read now. Called within the entity. */
  interface Ready {
    void accept(@Nullable List<Entry> entries, EntrySource entrySource);
  }

  /** The running and waiting reads of one tier. */
  private static final class Lane {
    final ArrayDeque<Job> waiting = new ArrayDeque<>();
    int inFlight;
  }

  /** One range that is being loaded. */
  private static final class Job {
    Lane lane;
    final long from;
    final long to;
    final long end;
    final boolean backward;
    final Ready ready;
    final List<Entry> read = new ArrayList<>();
    final Map<Long, Entry> edits = new HashMap<>();

    /** The tiers from which the entries in {@link #read} came. */
    final List<EntrySource.Stretch> origin = new ArrayList<>();

    /** Whether the range was read a second time because its entries were archived meanwhile. */
    boolean again;

    Job(Lane lane, long from, long to, long end, boolean backward, Ready ready) {
      this.lane = lane;
      this.from = from;
      this.to = to;
      this.end = end;
      this.backward = backward;
      this.ready = ready;
    }

    long next() {
      return read.isEmpty() ? from : read.getLast().seq() + 1;
    }

    void cameFrom(Tier tier, long first, long last) {
      if (first <= last) {
        origin.add(new EntrySource.Stretch(first, last, tier));
      }
    }
  }

  /** A read has ended. */
  record ReadEnded(Consumer<HistoryPages> then) implements ConversationInternal {
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
    enter(new Job(laneOf(from), from, to, end, backward, ready));
  }

  private Lane laneOf(long from) {
    return from <= state.archivedTo ? cold : hot;
  }

  private void enter(Job job) {
    Lane lane = job.lane;
    if (job.from >= state.recentEntries.firstSeq() || job.from > job.to) {
      advance(job);
    } else if (lane.inFlight < IN_FLIGHT) {
      lane.inFlight++;
      advance(job);
    } else if (lane.waiting.size() < WAITING) {
      lane.waiting.add(job);
    } else {
      giveUp(job);
    }
  }

  private void giveUp(Job job) {
    if (divisible(job)) {
      load(border(), job.to, job.end, job.ready);
    } else {
      job.ready.accept(null, EntrySource.MEMORY);
    }
  }

  /** The first seq that can be read without the cold tier. */
  private long border() {
    return Math.min(state.archivedTo + 1, state.recentEntries.firstSeq());
  }

  private boolean divisible(Job job) {
    return job.backward && job.from < border() && border() <= job.to;
  }

  private void advance(Job job) {
    long next = job.next();
    long inMemory = Math.max(job.from, state.recentEntries.firstSeq());
    if (next <= job.to && next < inMemory) {
      long last = Math.min(job.to, inMemory - 1);
      long coldTo = Math.min(last, state.archivedTo);
      CompletionStage<List<Entry>> result = logReader.range(state, next, last);
      read(
          job,
          divisible(job)
              ? result
                  .toCompletableFuture()
                  .copy()
                  .orTimeout(BORDER.toMillis(), TimeUnit.MILLISECONDS)
              : result,
          found -> {
            job.cameFrom(Tier.COLD, next, coldTo);
            job.cameFrom(Tier.HOT, Math.max(next, coldTo + 1), last);
            job.read.addAll(found);
          });
      return;
    }
    Entry edit = missingEdit(job);
    if (edit != null) {
      long seq = state.amendments.of(edit.seq());
      read(
          job,
          logReader.range(state, seq, seq),
          found -> found.forEach(entry -> job.edits.put(entry.seq(), entry)));
      return;
    }
    finish(job);
  }

  private void read(Job job, CompletionStage<List<Entry>> result, Consumer<List<Entry>> take) {
    long border = state.archivedTo;
    context.pipeToSelf(
        result,
        (entries, failure) ->
            new ReadEnded(
                historyPages -> {
                  if (hole(failure) && border < state.archivedTo && !job.again) {
                    context
                        .getLog()
                        .info(
                            "{}: entries were archived during a read; they are read again",
                            state.id);
                    historyPages.readAgain(job);
                  } else if (entries == null || entries.isEmpty()) {
                    context.getLog().warn("{}: reading the log failed", state.id, failure);
                    historyPages.end(job, null);
                  } else {
                    take.accept(entries);
                    historyPages.advance(job);
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
  private void readAgain(Job job) {
    job.again = true;
    Lane before = job.lane;
    job.lane = laneOf(job.from);
    if (job.lane == before) {
      advance(job);
    } else {
      before.inFlight--;
      enter(job);
      next(before);
    }
  }

  private @Nullable Entry missingEdit(Job job) {
    for (Entry entry : job.read) {
      long amendment = state.amendments.of(entry.seq());
      if (amendment > 0 && amendment <= job.end && editOf(job, amendment) == null) {
        return entry;
      }
    }
    for (Entry entry : state.recentEntries.range(job.next(), job.to)) {
      long amendment = state.amendments.of(entry.seq());
      if (amendment > 0 && amendment <= job.end && editOf(job, amendment) == null) {
        return entry;
      }
    }
    return null;
  }

  private @Nullable Entry editOf(Job job, long seq) {
    Entry edit = job.edits.get(seq);
    return edit != null ? edit : state.recentEntries.get(seq);
  }

  private void finish(Job job) {
    boolean fromLog = !job.read.isEmpty();
    List<Entry> inMemory = state.recentEntries.range(job.next(), job.to);
    List<Entry> all = new ArrayList<>(job.read.size() + inMemory.size());
    job.read.forEach(entry -> all.add(current(job, entry)));
    inMemory.forEach(entry -> all.add(current(job, entry)));
    if (fromLog) {
      job.cameFrom(Tier.MEMORY, job.next(), job.to);
      end(job, all);
    } else {
      // The edits of these entries are newer, so they are in memory too.
      job.ready.accept(all, EntrySource.MEMORY);
    }
  }

  private void end(Job job, @Nullable List<Entry> entries) {
    Lane lane = job.lane;
    lane.inFlight--;
    if (entries == null) {
      giveUp(job);
    } else {
      job.ready.accept(entries, new EntrySource(job.origin));
    }
    next(lane);
  }

  /** Starts the next waiting read. */
  private void next(Lane lane) {
    Job next = lane.waiting.poll();
    while (next != null && lane == hot && next.from <= state.archivedTo) {
      // The entries were archived while the read waited.
      next.lane = cold;
      enter(next);
      next = lane.waiting.poll();
    }
    if (next != null) {
      lane.inFlight++;
      advance(next);
    }
  }

  private Entry current(Job job, Entry entry) {
    return switch (entry.body()) {
      case EntryBody.Text text -> {
        long amendment = state.amendments.of(entry.seq());
        if (amendment == Amendments.DELETED) {
          yield entry.withBody(new EntryBody.Text(null, null, null, false));
        }
        boolean edited = amendment != Amendments.NONE && amendment <= job.end;
        Entry edit = edited ? editOf(job, amendment) : null;
        if (edit != null && edit.body() instanceof EntryBody.Edit newer) {
          yield entry.withBody(
              new EntryBody.Text(newer.content(), text.replyTo(), text.mentions(), true));
        }
        yield entry;
      }
      case EntryBody.Edit edit ->
          state.amendments.deleted(edit.targetSeq())
              ? entry.withBody(new EntryBody.Edit(edit.targetSeq(), null))
              : entry;
      default -> entry;
    };
  }
}
