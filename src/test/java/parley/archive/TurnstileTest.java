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
