package parley.admin;

import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.PreRestart;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.stream.ActorAttributes;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.UniqueKillSwitch;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;
import parley.calendar.Calendar;
import parley.calendar.CalendarBucket;
import parley.model.ConversationId;

/**
 * Enters every conversation of the store into the archive's calendar, once. This finds the
 * conversations that nobody has used since archiving was switched on: the calendar knows only
 * conversations that have registered, and an inactive one does not register. Runs one job at a
 * time, on the node that was asked to, at a given rate.
 *
 * <p>The job starts no conversation. It enters each into the bucket of the next day, or of a later
 * day if that bucket is full. On that day the calendar's clocks ask these conversations as they ask
 * all others, a bounded number at a time. Each then archives what is old enough, and registers
 * itself for its own next day or is done. To enter a conversation twice is the same as once, so a
 * job that has ended early, for whatever reason, is simply started again.
 */
public final class ArchiveEnrolment {
  /** The default rate, in conversations a second. */
  static final int DEFAULT_PER_SECOND = 20;

  /** The highest rate, in conversations a second. */
  static final int MAX_PER_SECOND = 1_000;

  private static final int PARALLELISM = 16;
  private static final int MAX_TRIES = 3;

  /** A job ends after this many failures in a row: the calendar does not answer. */
  private static final int MAX_FAILURES_IN_A_ROW = 32;

  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  /** The messages of this actor. They never leave its node. */
  public sealed interface Command {}

  /**
   * Starts a job, unless one runs. The answer is {@link Started}.
   *
   * @param perSecond 1 to {@value #MAX_PER_SECOND} conversations
   */
  record Start(int perSecond, ActorRef<Started> replyTo) implements Command {}

  /** Asks for the progress. The answer is {@link Progress}. */
  record GetProgress(ActorRef<Progress> replyTo) implements Command {}

  /** Ends the job, if one runs. The answer is {@link Progress}. */
  record Cancel(ActorRef<Progress> replyTo) implements Command {}

  /**
   * The answer to {@link Start}.
   *
   * @param started false if another job runs; then the progress is that job's
   */
  record Started(boolean started, Progress progress) {}

  /**
   * The progress of the last job on this node.
   *
   * @param running false also before the first job
   * @param seen names read from the store; a long conversation may come more than once
   * @param entered how many of them were entered into the calendar
   * @param failed how many were not, because the calendar did not answer
   * @param lastDay the latest day that a conversation was entered for, in days since 1970; 0 for
   *     none
   * @param stopped why the job ended early, or null
   */
  record Progress(
      boolean running,
      int perSecond,
      long seen,
      long entered,
      long failed,
      long lastDay,
      @Nullable String stopped) {}

  private record Enter(ConversationId id, long day, ActorRef<CalendarBucket.Answer> replyTo)
      implements Command {}

  private record Ended(Job job, @Nullable Throwable failure) implements Command {}

  /** The counters of one job, written by its stream. */
  private static final class Job {
    final LongAdder seen = new LongAdder();
    final LongAdder entered = new LongAdder();
    final LongAdder failed = new LongAdder();
    final AtomicInteger failuresInARow = new AtomicInteger();
    final AtomicLong lastDay = new AtomicLong();
  }

  private final ActorContext<Command> context;
  private final Supplier<Stream<ConversationId>> names;
  private final Calendar calendar;
  private final InstantSource clock;
  private Job job = new Job();
  private int perSecond;
  private @Nullable UniqueKillSwitch killSwitch;
  private @Nullable String stopReason;

  private ArchiveEnrolment(
      ActorContext<Command> context,
      Supplier<Stream<ConversationId>> names,
      Calendar calendar,
      InstantSource clock) {
    this.context = context;
    this.names = names;
    this.calendar = calendar;
    this.clock = clock;
  }

  /**
   * The behaviour.
   *
   * @param names all conversations in the store; reading them may block
   */
  public static Behavior<Command> create(
      Supplier<Stream<ConversationId>> names, Calendar calendar, InstantSource clock) {
    return Behaviors.setup(
        context -> {
          ArchiveEnrolment one = new ArchiveEnrolment(context, names, calendar, clock);
          return Behaviors.receive(Command.class)
              .onAnyMessage(
                  command -> {
                    one.handle(command);
                    return Behaviors.same();
                  })
              .onSignal(PreRestart.class, signal -> one.stopJob())
              .onSignal(PostStop.class, signal -> one.stopJob())
              .build();
        });
  }

  private Behavior<Command> stopJob() {
    if (killSwitch != null) {
      killSwitch.shutdown();
    }
    return Behaviors.same();
  }

  private void handle(Command command) {
    switch (command) {
      case Start c -> start(c);
      case GetProgress c -> c.replyTo().tell(progress());
      case Cancel c -> {
        if (killSwitch != null) {
          killSwitch.shutdown();
          killSwitch = null;
          stopReason = "cancelled";
          job = copyOf(job);
        }
        c.replyTo().tell(progress());
      }
      case Enter c -> calendar.register(c.id(), c.day(), c.replyTo());
      case Ended c -> onEnded(c);
    }
  }

  private Progress progress() {
    return new Progress(
        killSwitch != null,
        perSecond,
        job.seen.sum(),
        job.entered.sum(),
        job.failed.sum(),
        job.lastDay.get(),
        stopReason);
  }

  /**
   * Copies the counters of a cancelled job, so that its last elements do not change the progress
   * that was reported.
   */
  private static Job copyOf(Job job) {
    Job copy = new Job();
    copy.seen.add(job.seen.sum());
    copy.entered.add(job.entered.sum());
    copy.failed.add(job.failed.sum());
    copy.lastDay.set(job.lastDay.get());
    return copy;
  }

  private void start(Start c) {
    if (killSwitch != null) {
      c.replyTo().tell(new Started(false, progress()));
      return;
    }
    Job begun = new Job();
    job = begun;
    perSecond = Math.clamp(c.perSecond(), 1, MAX_PER_SECOND);
    stopReason = null;
    var started =
        Source.fromJavaStream(names::get)
            .withAttributes(ActorAttributes.dispatcher("parley.dispatchers.blocking"))
            .viaMat(KillSwitches.single(), Keep.right())
            .throttle(perSecond, Duration.ofSeconds(1))
            .mapAsync(PARALLELISM, id -> enter(begun, id))
            .toMat(Sink.ignore(), Keep.both())
            .run(context.getSystem());
    killSwitch = started.first();
    context.pipeToSelf(started.second(), (done, failure) -> new Ended(begun, failure));
    c.replyTo().tell(new Started(true, progress()));
  }

  private void onEnded(Ended c) {
    if (c.job() != job) {
      return;
    }
    killSwitch = null;
    if (c.failure() != null) {
      stopReason =
          c.failure() instanceof SilentException
              ? "the calendar does not answer"
              : "the store cannot be read";
      context
          .getLog()
          .warn(
              "The enrolment of conversations in the calendar of the archive has ended early",
              c.failure());
    }
  }

  /** The calendar has not answered {@link #MAX_FAILURES_IN_A_ROW} times in a row. */
  private static final class SilentException extends RuntimeException {
    private static final long serialVersionUID = 1;

    SilentException() {
      super("the calendar does not answer");
    }
  }

  private CompletionStage<Done> enter(Job of, ConversationId id) {
    of.seen.increment();
    return enter(of, id, Math.max(of.lastDay.get(), Calendar.day(clock.millis()) + 1), 1)
        .thenApply(
            entered -> {
              if (entered) {
                of.entered.increment();
                of.failuresInARow.set(0);
              } else {
                of.failed.increment();
                if (of.failuresInARow.incrementAndGet() >= MAX_FAILURES_IN_A_ROW) {
                  throw new SilentException();
                }
              }
              return Done.getInstance();
            });
  }

  /**
   * Enters one conversation, on a later day if this one is full. If a day is full for one
   * conversation, it is about full for all, so the conversations after it begin with the later day.
   */
  private CompletionStage<Boolean> enter(Job of, ConversationId id, long day, int tried) {
    return AskPattern.<Command, CalendarBucket.Answer>ask(
            context.getSelf(),
            replyTo -> new Enter(id, day, replyTo),
            TIMEOUT,
            context.getSystem().scheduler())
        .handle(
            (answer, failure) -> {
              if (answer instanceof CalendarBucket.NotThatDay other) {
                return enter(of, id, Math.max(other.earliest(), day + 1), 1);
              }
              if (answer != null) {
                of.lastDay.accumulateAndGet(day, Math::max);
              }
              return answer == null && tried < MAX_TRIES
                  ? enter(of, id, day, tried + 1)
                  : CompletableFuture.completedFuture(answer != null);
            })
        .thenCompose(entered -> entered);
  }
}
