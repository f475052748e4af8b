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
 * Ranges of entries with their current content, from memory where it holds them, otherwise from the
 * journal or the cold tier without holding up the entity. At most {@value #IN_FLIGHT} reads at once
 * and {@value #WAITING} waiting; one more is refused. The same again for those that begin in the
 * cold tier: where that is slow or away, nobody else waits, and a page that is read backward over
 * the border is cut there.
 */
final class HistoryPages {
  static final int IN_FLIGHT = 4;
  static final int WAITING = 128;

  /** So long a page waits for its part of the cold tier, where it can do without. */
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

  /** A range, or null where it is not to be had now. Runs in the entity. */
  interface Ready {
    void accept(@Nullable List<Entry> entries, EntrySource entrySource);
  }

  /** Reads at the same time, and those that wait for them. */
  private static final class Lane {
    final ArrayDeque<Job> waiting = new ArrayDeque<>();
    int inFlight;
  }

  /** One range on its way. */
  private static final class Job {
    Lane lane;
    final long from;
    final long to;
    final long end;
    final boolean backward;
    final Ready ready;
    final List<Entry> read = new ArrayList<>();
    final Map<Long, Entry> edits = new HashMap<>();

    /** Where what is in {@link #read} was read. */
    final List<EntrySource.Stretch> origin = new ArrayList<>();

    /** It was read once more, because the border moved beneath it. */
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

  /** A read that has ended. */
  record ReadEnded(Consumer<HistoryPages> then) implements ConversationInternal {
    @Override
    public String toString() {
      return "ReadEnded";
    }
  }

  /** Entries {@code from} to {@code to}, both of which exist, ascending. */
  void load(long from, long to, Ready ready) {
    load(from, to, Long.MAX_VALUE, ready);
  }

  /**
   * The same for one who sees the log only up to an end: wording that was written after it is not
   * shown; a delete is.
   */
  void load(long from, long to, long end, Ready ready) {
    load(from, to, end, false, ready);
  }

  /**
   * The same for one who reads backward: where the cold tier does not give its part, or not soon,
   * what is not only there comes alone. So it may be fewer, of those before {@code to}.
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

  /** The first entry that can be had without the cold tier. */
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
                    context.getLog().info("{}: archived while it was read", state.id);
                    historyPages.readAgain(job);
                  } else if (entries == null || entries.isEmpty()) {
                    context.getLog().warn("{}: a read of the log failed", state.id, failure);
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
   * What was to be read from the journal has been archived and removed meanwhile: it is in the cold
   * tier, and read there in its turn. Once, so that no log that lacks something is read for ever.
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
      // An edit of theirs is newer, and so in memory too.
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

  /** A place in a lane is free. */
  private void next(Lane lane) {
    Job next = lane.waiting.poll();
    while (next != null && lane == hot && next.from <= state.archivedTo) {
      // Archived since it began to wait.
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
