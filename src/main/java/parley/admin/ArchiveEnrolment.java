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
 * Enters every conversation of the store into the calendar, once, so that those are found too that
 * nobody has used since there is an archive: the calendar knows only who has registered, and who
 * sleeps does not. One job at a time on the node that was asked to, at a stated pace.
 *
 * <p>Nobody is woken here. They stand in the bucket of the next day (of a later one, where it is
 * full), and that day's clocks ask them as they ask everybody, a bounded number at a time. Each
 * then archives what is old enough, registers by itself for its own day, or is done. Entered twice
 * is entered once, so a job that has ended early, for whatever reason, is simply started again.
 */
public final class ArchiveEnrolment {
  /** Conversations a second, where nobody says otherwise. */
  static final int PACE = 20;

  /** The most conversations a second. */
  static final int MOST = 1_000;

  private static final int AT_ONCE = 16;
  private static final int TRIES = 3;

  /** After so many failures in a row it ends: the calendar does not answer. */
  private static final int FAILURES = 32;

  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  /** What can be told to it. Never leaves its node. */
  public sealed interface Command {}

  /**
   * Begin, unless a job runs. Answers {@link Started}.
   *
   * @param perSecond 1 to {@value #MOST} conversations
   */
  record Start(int perSecond, ActorRef<Started> replyTo) implements Command {}

  /** Answers {@link Progress}. */
  record GetProgress(ActorRef<Progress> replyTo) implements Command {}

  /** End the job, if one runs; answers {@link Progress}. */
  record Cancel(ActorRef<Progress> replyTo) implements Command {}

  /**
   * The answer to {@link Start}.
   *
   * @param started false where another job runs: its progress is the one shown
   */
  record Started(boolean started, Progress progress) {}

  /**
   * Where the last job of this node is.
   *
   * @param running false before the first job as well
   * @param seen names read from the store; a long conversation may come more than once
   * @param entered how many of them stand in the calendar
   * @param failed how many do not, because the calendar did not answer
   * @param lastDay the latest day that somebody was entered for, from 1970; 0 is none
   * @param stopped why it ended early, or null
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

  /** What the stream of one job counts. */
  private static final class Job {
    final LongAdder seen = new LongAdder();
    final LongAdder entered = new LongAdder();
    final LongAdder failed = new LongAdder();
    final AtomicInteger inARow = new AtomicInteger();
    final AtomicLong lastDay = new AtomicLong();
  }

  private final ActorContext<Command> context;
  private final Supplier<Stream<ConversationId>> names;
  private final Calendar calendar;
  private final InstantSource clock;
  private Job job = new Job();
  private int perSecond;
  private @Nullable UniqueKillSwitch running;
  private @Nullable String stopped;

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
   * @param names everybody in the store; reading it may block
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
              .onSignal(PreRestart.class, signal -> one.end())
              .onSignal(PostStop.class, signal -> one.end())
              .build();
        });
  }

  private Behavior<Command> end() {
    if (running != null) {
      running.shutdown();
    }
    return Behaviors.same();
  }

  private void handle(Command command) {
    switch (command) {
      case Start c -> start(c);
      case GetProgress c -> c.replyTo().tell(progress());
      case Cancel c -> {
        if (running != null) {
          running.shutdown();
          running = null;
          stopped = "cancelled";
          job = copyOf(job);
        }
        c.replyTo().tell(progress());
      }
      case Enter c -> calendar.register(c.id(), c.day(), c.replyTo());
      case Ended c -> ended(c);
    }
  }

  private Progress progress() {
    return new Progress(
        running != null,
        perSecond,
        job.seen.sum(),
        job.entered.sum(),
        job.failed.sum(),
        job.lastDay.get(),
        stopped);
  }

  /** What still comes of the cancelled job does not change what was said of it. */
  private static Job copyOf(Job job) {
    Job copy = new Job();
    copy.seen.add(job.seen.sum());
    copy.entered.add(job.entered.sum());
    copy.failed.add(job.failed.sum());
    copy.lastDay.set(job.lastDay.get());
    return copy;
  }

  private void start(Start c) {
    if (running != null) {
      c.replyTo().tell(new Started(false, progress()));
      return;
    }
    Job begun = new Job();
    job = begun;
    perSecond = Math.clamp(c.perSecond(), 1, MOST);
    stopped = null;
    var started =
        Source.fromJavaStream(names::get)
            .withAttributes(ActorAttributes.dispatcher("parley.dispatchers.blocking"))
            .viaMat(KillSwitches.single(), Keep.right())
            .throttle(perSecond, Duration.ofSeconds(1))
            .mapAsync(AT_ONCE, id -> enter(begun, id))
            .toMat(Sink.ignore(), Keep.both())
            .run(context.getSystem());
    running = started.first();
    context.pipeToSelf(started.second(), (done, failure) -> new Ended(begun, failure));
    c.replyTo().tell(new Started(true, progress()));
  }

  private void ended(Ended c) {
    if (c.job() != job) {
      return;
    }
    running = null;
    if (c.failure() != null) {
      stopped =
          c.failure() instanceof SilentException
              ? "the calendar does not answer"
              : "the store cannot be read";
      context
          .getLog()
          .warn("Entering conversations into the calendar has ended early", c.failure());
    }
  }

  /** The calendar has said nothing for too long. */
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
                of.inARow.set(0);
              } else {
                of.failed.increment();
                if (of.inARow.incrementAndGet() >= FAILURES) {
                  throw new SilentException();
                }
              }
              return Done.getInstance();
            });
  }

  /** A day that is full for one is about full for all: whoever comes after begins with the next. */
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
              return answer == null && tried < TRIES
                  ? enter(of, id, day, tried + 1)
                  : CompletableFuture.completedFuture(answer != null);
            })
        .thenCompose(entered -> entered);
  }
}
