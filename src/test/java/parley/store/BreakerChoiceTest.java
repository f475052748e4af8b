package parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Random;
import org.apache.pekko.actor.AbstractScheduler;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.dispatch.ExecutionContexts;
import org.apache.pekko.pattern.CircuitBreaker;
import org.junit.jupiter.api.Test;
import scala.concurrent.ExecutionContext;
import scala.concurrent.duration.FiniteDuration;

/**
 * Compares settings of the breaker before the store: Pekko's breaker, which the plugins use, in
 * made-up time before a made-up store that fails. It prints the table of {@code docs/operating.md}.
 *
 * <p>The load is 200 calls a second, and a call that fails does so at once. A dead store that
 * answers slowly gets even fewer calls, so this is the worst for the store.
 */
class BreakerChoiceTest {
  private static final long SEED = 4711;
  private static final long STEP_MILLIS = 5;
  private static final long BEGIN_MILLIS = 10_000;
  private static final long END_MILLIS = 200_000;

  private static final Choice DEFAULT = new Choice(20, 3);
  private static final Choice SEEDS = new Choice(5, 30);
  private static final List<Choice> CHOICES =
      List.of(
          SEEDS,
          new Choice(5, 3),
          new Choice(10, 5),
          DEFAULT,
          new Choice(20, 30),
          new Choice(20, 1),
          new Choice(100, 3));

  /** Failures in a row, and the rest in seconds. */
  private record Choice(int failures, int rest) {}

  /** What a store does. */
  private interface Trouble {
    /**
     * Whether a call fails.
     *
     * @param millis the time since the trouble began
     */
    boolean fails(long millis);
  }

  /**
   * What came of it.
   *
   * @param wasted calls that reached the store and failed
   * @param inVain calls that the breaker refused while the store would have answered
   * @param recovery from the last failure to the first answer, milliseconds
   */
  private record Outcome(int wasted, int inVain, long recovery) {}

  /** Runs what is due in the thread of the test. */
  private static final class MadeUpTime extends AbstractScheduler {
    private record Due(long at, Runnable task) {}

    private final PriorityQueue<Due> tasks = new PriorityQueue<>(Comparator.comparingLong(Due::at));
    private long now;

    void advance(long millis) {
      now += millis;
      while (!tasks.isEmpty() && tasks.element().at() <= now) {
        tasks.remove().task().run();
      }
    }

    @Override
    public Cancellable scheduleOnce(FiniteDuration delay, Runnable task, ExecutionContext on) {
      Due due = new Due(now + delay.toMillis(), task);
      tasks.add(due);
      return new Cancellable() {
        @Override
        public boolean cancel() {
          return tasks.remove(due);
        }

        @Override
        public boolean isCancelled() {
          return !tasks.contains(due);
        }
      };
    }

    @Override
    @Deprecated
    @SuppressWarnings("deprecation") // abstract there
    public Cancellable schedule(
        FiniteDuration initial, FiniteDuration interval, Runnable task, ExecutionContext on) {
      throw new UnsupportedOperationException();
    }

    @Override
    public double maxFrequency() {
      return 1_000;
    }
  }

  private static Map<String, Trouble> troubles(long seed) {
    Random random = new Random(seed);
    Map<String, Trouble> all = new LinkedHashMap<>();
    all.put("dead for a minute", millis -> millis < 61_000);
    all.put("eight refused writes", millis -> millis < 8 * STEP_MILLIS);
    all.put("away for 75 ms", millis -> millis < 75);
    all.put("a third fails", millis -> millis < 60_000 && random.nextInt(3) == 0);
    return all;
  }

  private static Outcome run(Choice choice, Trouble trouble) {
    MadeUpTime time = new MadeUpTime();
    CircuitBreaker breaker =
        new CircuitBreaker(
            ExecutionContexts.fromExecutor(Runnable::run),
            time,
            choice.failures(),
            Duration.ofSeconds(10),
            Duration.ofSeconds(choice.rest()));
    int wasted = 0;
    int inVain = 0;
    long lastFailure = 0;
    long firstAnswer = 0;
    for (long at = 0; at < END_MILLIS; at += STEP_MILLIS) {
      time.advance(STEP_MILLIS);
      boolean fails = at >= BEGIN_MILLIS && trouble.fails(at - BEGIN_MILLIS);
      if (fails) {
        lastFailure = at;
        firstAnswer = 0;
      }
      if (breaker.isOpen()) {
        inVain += fails ? 0 : 1;
      } else if (fails) {
        wasted++;
        breaker.fail();
      } else {
        breaker.succeed();
        firstAnswer = firstAnswer == 0 ? at : firstAnswer;
      }
    }
    return new Outcome(wasted, inVain, firstAnswer - lastFailure);
  }

  @Test
  void theDefaultRidesOutSmallTroublesAndComesBackSoon() {
    StringBuilder printed = new StringBuilder("seed " + SEED + "\n");
    for (Choice choice : CHOICES) {
      Map<String, Outcome> row = new LinkedHashMap<>();
      troubles(SEED).forEach((name, trouble) -> row.put(name, run(choice, trouble)));
      List<String> cells = new ArrayList<>();
      row.forEach(
          (name, one) ->
              cells.add(
                  String.format(
                      Locale.ROOT,
                      "%s: wasted %d, refused in vain %d, back after %.1f s",
                      name,
                      one.wasted(),
                      one.inVain(),
                      one.recovery() / 1e3)));
      printed
          .append(choice.failures())
          .append(" / ")
          .append(choice.rest())
          .append(" s | ")
          .append(String.join(" | ", cells))
          .append('\n');
    }
    System.out.println(printed);

    Outcome dead = outcome(DEFAULT, "dead for a minute");
    assertThat(dead.wasted()).as("fewer than one call a second").isLessThan(60);
    assertThat(dead.recovery()).isLessThanOrEqualTo(3_000 + STEP_MILLIS);
    for (String small : List.of("eight refused writes", "away for 75 ms", "a third fails")) {
      assertThat(outcome(DEFAULT, small).inVain()).as(small).isZero();
    }
    // What the others pay.
    assertThat(outcome(SEEDS, "dead for a minute").recovery()).isGreaterThan(20_000);
    assertThat(outcome(SEEDS, "eight refused writes").inVain()).isGreaterThan(5_000);
    assertThat(outcome(SEEDS, "a third fails").inVain()).isGreaterThan(4_000);
    assertThat(outcome(new Choice(5, 3), "eight refused writes").inVain()).isPositive();
    assertThat(outcome(new Choice(10, 5), "away for 75 ms").inVain()).isPositive();
    assertThat(outcome(new Choice(20, 30), "dead for a minute").recovery()).isGreaterThan(20_000);
    assertThat(outcome(new Choice(20, 1), "dead for a minute").wasted())
        .isGreaterThan(dead.wasted() * 3 / 2);
    assertThat(outcome(new Choice(100, 3), "dead for a minute").wasted())
        .isGreaterThan(dead.wasted() * 2);
  }

  private static Outcome outcome(Choice choice, String trouble) {
    return run(choice, Objects.requireNonNull(troubles(SEED).get(trouble)));
  }
}
