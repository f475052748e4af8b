package parley.archive;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TurnstileTest {

  @Test
  void soManyAreInSoManyWaitTheRestIsTurnedAway() {
    Turnstile turnstile = new Turnstile("reads", 2, 1);
    Turnstile.Turn first = turnstile.enter();
    Turnstile.Turn second = turnstile.enter();
    Turnstile.Turn third = turnstile.enter();
    Turnstile.Turn fourth = turnstile.enter();
    assertThat(first.granted()).isCompleted();
    assertThat(second.granted()).isCompleted();
    assertThat(third.granted().toCompletableFuture()).isNotDone();
    assertThat(fourth.granted())
        .isCompletedExceptionally()
        .failsWithin(java.time.Duration.ZERO)
        .withThrowableThat()
        .withCauseInstanceOf(ColdUnavailable.class);
    fourth.leave();
    assertThat(third.granted().toCompletableFuture()).isNotDone();
    second.leave();
    second.leave();
    assertThat(third.granted()).isCompleted();
    assertThat(turnstile.enter().granted().toCompletableFuture()).isNotDone();
  }

  private static boolean in(Turnstile.Turn turn) {
    return turn.granted().toCompletableFuture().isDone()
        && !turn.granted().toCompletableFuture().isCompletedExceptionally();
  }

  @Test
  void oneHasOneTurnAtATimeAndOthersPass() {
    Turnstile turnstile = new Turnstile("scans", 2, 32);
    Turnstile.Turn first = turnstile.enter("ann");
    List<Turnstile.Turn> more = new ArrayList<>();
    for (int i = 0; i < Turnstile.EACH; i++) {
      more.add(turnstile.enter("ann"));
    }
    assertThat(in(first)).isTrue();
    assertThat(more).noneMatch(TurnstileTest::in);
    assertThat(turnstile.enter("ann").granted()).isCompletedExceptionally();
    Turnstile.Turn bob = turnstile.enter("bob");
    assertThat(in(bob)).isTrue();
    Turnstile.Turn cat = turnstile.enter("cat");
    assertThat(in(cat)).isFalse();
    first.leave();
    assertThat(in(more.getFirst())).isTrue();
    assertThat(in(cat)).isFalse();
    bob.leave();
    assertThat(in(cat)).isTrue();
    assertThat(more.stream().filter(TurnstileTest::in)).hasSize(1);
  }

  @Test
  void whoeverComesForWhomNobodyIsForgotten() {
    Random random = new Random(Samples.seed());
    Turnstile turnstile = new Turnstile("scans", 3, 12);
    List<Turnstile.Turn> here = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      if (random.nextBoolean()) {
        here.add(turnstile.enter(random.nextInt(4) == 0 ? null : "u" + random.nextInt(5)));
      } else if (!here.isEmpty()) {
        here.remove(random.nextInt(here.size())).leave();
      }
      here.removeIf(turn -> turn.granted().toCompletableFuture().isCompletedExceptionally());
      assertThat(here.stream().filter(TurnstileTest::in).count()).isLessThanOrEqualTo(3);
    }
    for (int i = 0; i < 100 && !here.isEmpty(); i++) {
      Turnstile.Turn inside = here.stream().filter(TurnstileTest::in).findFirst().orElseThrow();
      here.remove(inside);
      inside.leave();
    }
    assertThat(here).isEmpty();
    assertThat(turnstile.waiting()).isZero();
  }

  @Test
  void whoeverComesAndGoesNobodyIsForgotten() {
    Random random = new Random(Samples.seed());
    Turnstile turnstile = new Turnstile("reads", 3, 5);
    List<Turnstile.Turn> here = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      if (random.nextBoolean()) {
        here.add(turnstile.enter());
      } else if (!here.isEmpty()) {
        here.remove(random.nextInt(here.size())).leave();
      }
      here.removeIf(turn -> turn.granted().toCompletableFuture().isCompletedExceptionally());
      long inside = here.stream().filter(t -> t.granted().toCompletableFuture().isDone()).count();
      assertThat(inside).isEqualTo(Math.min(3, here.size()));
      assertThat(turnstile.waiting()).isEqualTo(here.size() - (int) inside);
    }
  }
}
