package parley.admin;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.RecipientRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;
import parley.model.UserId;
import parley.push.DeadLetters;
import parley.user.User;
import parley.user.UserPush;

/**
 * Pushes dead letters again, on the node that was asked to: one job at a time, batch by batch. Each
 * letter goes to its user, which decides whether the push is still needed. A letter is removed only
 * after its user has given a final answer. So a job that ends with its node is simply started
 * again: the letters that it has replayed are no longer there.
 *
 * <p>A job replays the letters that existed when it reached their slot. A push that fails again
 * becomes a letter with a higher number, which is left for the next job.
 */
public final class DeadLetterReplay {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  /** The messages of this actor. They never leave its node. */
  public sealed interface Command {}

  /**
   * Starts a job, unless one runs. The answer is {@link Started}.
   *
   * @param user only this user's letters, or null for all
   * @param batch how many letters are replayed at the same time
   * @param dryRun only counts the outcomes and changes nothing
   */
  record Start(@Nullable UserId user, int batch, boolean dryRun, ActorRef<Started> replyTo)
      implements Command {}

  /** Asks for the progress. The answer is {@link Progress}. */
  record GetProgress(ActorRef<Progress> replyTo) implements Command {}

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
   * @param slots how many of the slots are done
   * @param seen letters looked at
   * @param outcomes how many of them by the answer of their user; {@code WAITS} are pushed (in a
   *     dry run: would be pushed)
   * @param failed letters that stay because their user did not answer or cannot take more
   * @param stopped why the job ended early, or null
   */
  record Progress(
      boolean running,
      boolean dryRun,
      @Nullable UserId user,
      int batch,
      int slots,
      long seen,
      Map<UserPush.Need, Long> outcomes,
      long failed,
      @Nullable String stopped) {}

  private record GotPage(DeadLetters.@Nullable Page page) implements Command {}

  private record Replayed(List<UserPush.@Nullable Need> needs) implements Command {}

  private record Removed(boolean done) implements Command {}

  private final ActorContext<Command> context;
  private final DeadLetters letters;
  private final Function<UserId, RecipientRef<User.Command>> users;
  private boolean running;
  private boolean dryRun;
  private @Nullable UserId user;
  private int batch;
  private int slot;
  private long afterNumber;
  private long lastNumber;
  private long seen;
  private final Map<UserPush.Need, Long> outcomes = new EnumMap<>(UserPush.Need.class);
  private long failed;
  private @Nullable String stopReason;
  private List<DeadLetters.Letter> page = List.of();
  private boolean morePages;

  private DeadLetterReplay(
      ActorContext<Command> context,
      DeadLetters letters,
      Function<UserId, RecipientRef<User.Command>> users) {
    this.context = context;
    this.letters = letters;
    this.users = users;
  }

  public static Behavior<Command> create(
      DeadLetters letters, Function<UserId, RecipientRef<User.Command>> users) {
    return Behaviors.setup(
        context -> {
          DeadLetterReplay replay = new DeadLetterReplay(context, letters, users);
          return Behaviors.receiveMessage(
              command -> {
                replay.handle(command);
                return Behaviors.same();
              });
        });
  }

  private void handle(Command command) {
    switch (command) {
      case Start c -> start(c);
      case GetProgress c -> c.replyTo().tell(progress());
      case GotPage c -> onPage(c);
      case Replayed c -> onReplayed(c);
      case Removed c -> onRemoved(c);
    }
  }

  private Progress progress() {
    return new Progress(
        running, dryRun, user, batch, slot, seen, Map.copyOf(outcomes), failed, stopReason);
  }

  private void start(Start c) {
    if (running) {
      c.replyTo().tell(new Started(false, progress()));
      return;
    }
    running = true;
    dryRun = c.dryRun();
    user = c.user();
    batch = Math.clamp(c.batch(), 1, DeadLetters.PAGE);
    slot = 0;
    seen = 0;
    failed = 0;
    outcomes.clear();
    stopReason = null;
    c.replyTo().tell(new Started(true, progress()));
    startSlot();
  }

  /**
   * Starts with the next slot that can hold letters of this job; ends the job after the last slot.
   */
  private void startSlot() {
    while (user != null && slot < DeadLetters.SLOTS && slot != DeadLetters.slot(user)) {
      slot++;
    }
    afterNumber = 0;
    lastNumber = 0;
    if (slot >= DeadLetters.SLOTS) {
      running = false;
    } else {
      requestPage();
    }
  }

  private void requestPage() {
    context.pipeToSelf(
        letters.page(slot, user, afterNumber, batch), (answer, failure) -> new GotPage(answer));
  }

  private void onPage(GotPage c) {
    if (c.page() == null) {
      stopEarly("slot " + slot + " of the dead letters does not answer");
      return;
    }
    if (lastNumber == 0) {
      lastNumber = c.page().last();
    }
    page = c.page().letters().stream().filter(letter -> letter.nr() <= lastNumber).toList();
    morePages = c.page().more() && page.size() == c.page().letters().size();
    List<CompletableFuture<UserPush.@Nullable Need>> answers = new ArrayList<>();
    for (DeadLetters.Letter letter : page) {
      answers.add(replayLetter(letter).toCompletableFuture());
    }
    context.pipeToSelf(
        CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new)),
        (done, failure) -> new Replayed(answers.stream().map(a -> a.getNow(null)).toList()));
  }

  private CompletionStage<UserPush.@Nullable Need> replayLetter(DeadLetters.Letter letter) {
    var what = letter.letter();
    return AskPattern.<User.Command, UserPush.Answer>ask(
            users.apply(what.userId()),
            replyTo ->
                new UserPush.Again(
                    what.conversationId(), what.deviceId(), what.seq(), dryRun, replyTo),
            TIMEOUT,
            context.getSystem().scheduler())
        .handle((answer, failure) -> answer == null ? null : answer.need());
  }

  private void onReplayed(Replayed c) {
    List<Long> done = new ArrayList<>();
    for (int i = 0; i < page.size(); i++) {
      UserPush.Need need = c.needs().get(i);
      seen++;
      if (need != null) {
        outcomes.merge(need, 1L, Long::sum);
      }
      if (need == null || need == UserPush.Need.FULL || need == UserPush.Need.OFF) {
        failed++;
      } else {
        done.add(page.get(i).nr());
      }
    }
    if (!page.isEmpty()) {
      afterNumber = page.getLast().nr();
    }
    if (dryRun || done.isEmpty()) {
      nextPageOrSlot();
    } else {
      context.pipeToSelf(
          letters.remove(slot, done), (count, failure) -> new Removed(failure == null));
    }
  }

  private void onRemoved(Removed c) {
    if (c.done()) {
      nextPageOrSlot();
    } else {
      stopEarly("slot " + slot + " of the dead letters did not remove what was replayed");
    }
  }

  private void nextPageOrSlot() {
    if (morePages) {
      requestPage();
    } else {
      slot++;
      startSlot();
    }
  }

  private void stopEarly(String why) {
    running = false;
    stopReason = why;
    context.getLog().warn("The replay of dead letters has ended early: {}", why);
  }
}
