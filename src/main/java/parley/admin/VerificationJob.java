package parley.admin;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.stream.ActorAttributes;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.UniqueKillSwitch;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;

/**
 * Checks all conversations of the store while the node serves: journal and cold tier together hold
 * every entry, once, with its checksum. One job at a time on this node, at a given rate, {@value
 * #PARALLELISM} conversations at a time. It changes nothing.
 *
 * <p>The job is in memory: it ends with the process, and is started again from the beginning. Of
 * what it finds, the first {@value #MOST_PROBLEMS} problems are kept; the rest is counted. Each
 * conversation is read to its end, so the rate bounds how many begin, and the two at a time bound
 * what they read.
 */
public final class VerificationJob {
  /** The default rate, in conversations a second. */
  static final int DEFAULT_PER_SECOND = 5;

  /** The highest rate, in conversations a second. */
  static final int MAX_PER_SECOND = 1_000;

  /** The most problems that are kept, of one line each. */
  static final int MOST_PROBLEMS = 100;

  /** The most characters of a problem. */
  static final int PROBLEM_CHARS = 300;

  private static final int PARALLELISM = 2;

  /**
   * What the check of one conversation found.
   *
   * @param problems what is wrong, without content
   */
  public record Checked(long entries, long archived, List<String> problems) {}

  /**
   * The progress of the last job.
   *
   * @param running false also before the first job
   * @param stopped why it ended early, or null
   * @param shown the first problems, each with its conversation
   */
  record Progress(
      boolean running,
      int perSecond,
      long conversations,
      long entries,
      long archived,
      long problems,
      @Nullable String stopped,
      List<String> shown) {}

  private final ActorSystem<?> system;
  private final Supplier<Stream<String>> names;
  private final Function<String, CompletionStage<Checked>> check;
  private Progress progress = new Progress(false, 0, 0, 0, 0, 0, null, List.of());
  private @Nullable UniqueKillSwitch killSwitch;

  /** Grows with each job, so that what a cancelled one still finds does not count. */
  private long number;

  /**
   * A job that has not begun.
   *
   * @param names all conversations in the store, each possibly more than once; reading may block
   * @param check checks one of them; a failure is a problem
   */
  public VerificationJob(
      ActorSystem<?> system,
      Supplier<Stream<String>> names,
      Function<String, CompletionStage<Checked>> check) {
    this.system = system;
    this.names = names;
    this.check = check;
  }

  synchronized Progress progress() {
    return progress;
  }

  /** Starts a job, unless one runs. Returns whether it was started. */
  synchronized boolean start(int perSecond) {
    if (progress.running()) {
      return false;
    }
    long job = ++number;
    progress = new Progress(true, perSecond, 0, 0, 0, 0, null, List.of());
    var stream =
        Source.fromJavaStream(names::get)
            .withAttributes(ActorAttributes.dispatcher("parley.dispatchers.blocking"))
            .statefulMapConcat(
                () -> {
                  // A long conversation comes more than once, in a row.
                  String[] last = {""};
                  return name -> {
                    boolean repeated = name.equals(last[0]);
                    last[0] = name;
                    return repeated ? List.<String>of() : List.of(name);
                  };
                })
            .viaMat(KillSwitches.single(), Keep.right())
            .throttle(perSecond, Duration.ofSeconds(1))
            .mapAsync(PARALLELISM, name -> checked(job, name))
            .toMat(Sink.ignore(), Keep.both())
            .run(system);
    killSwitch = stream.first();
    stream.second().whenComplete((done, failure) -> ended(job, failure));
    return true;
  }

  /** Ends the job, if one runs. */
  synchronized void cancel() {
    if (progress.running()) {
      Objects.requireNonNull(killSwitch).abort(new CancellationException());
      ended(number, new CancellationException());
    }
  }

  private CompletionStage<Done> checked(long job, String name) {
    return check
        .apply(name)
        .handle(
            (result, failure) -> {
              add(
                  job,
                  name,
                  failure == null
                      ? result
                      : new Checked(0, 0, List.of("cannot be read: " + failure.getMessage())));
              return Done.getInstance();
            });
  }

  private synchronized void add(long job, String name, Checked found) {
    if (job != number || !progress.running()) {
      return;
    }
    List<String> shown = new ArrayList<>(progress.shown());
    for (String problem : found.problems()) {
      if (shown.size() < MOST_PROBLEMS) {
        String line = name + ": " + problem;
        shown.add(line.length() <= PROBLEM_CHARS ? line : line.substring(0, PROBLEM_CHARS) + "…");
      }
    }
    progress =
        new Progress(
            true,
            progress.perSecond(),
            progress.conversations() + 1,
            progress.entries() + found.entries(),
            progress.archived() + found.archived(),
            progress.problems() + found.problems().size(),
            null,
            List.copyOf(shown));
  }

  private synchronized void ended(long job, @Nullable Throwable failure) {
    if (job != number || !progress.running()) {
      return;
    }
    Progress p = progress;
    String why =
        failure == null
            ? null
            : failure instanceof CancellationException ? "cancelled" : String.valueOf(failure);
    progress =
        new Progress(
            false,
            p.perSecond(),
            p.conversations(),
            p.entries(),
            p.archived(),
            p.problems(),
            why,
            p.shown());
    if (why == null) {
      system
          .log()
          .info(
              "All conversations were verified: {} conversations, {} problems",
              p.conversations(),
              p.problems());
    } else if (!why.equals("cancelled")) {
      system.log().warn("The verification of all conversations has ended early", failure);
    }
  }
}
