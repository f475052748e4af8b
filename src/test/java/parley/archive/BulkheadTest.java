package parley.archive;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BulkheadTest {

  @Test
  void soManyAreInSoManyWaitTheRestIsTurnedAway() {
    Bulkhead bulkhead = new Bulkhead("reads", 2, 1);
    Bulkhead.Turn first = bulkhead.enter();
    Bulkhead.Turn second = bulkhead.enter();
    Bulkhead.Turn third = bulkhead.enter();
    Bulkhead.Turn fourth = bulkhead.enter();
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
    assertThat(bulkhead.enter().granted().toCompletableFuture()).isNotDone();
  }

  private static boolean in(Bulkhead.Turn turn) {
    return turn.granted().toCompletableFuture().isDone()
        && !turn.granted().toCompletableFuture().isCompletedExceptionally();
  }

  @Test
  void oneHasOneTurnAtATimeAndOthersPass() {
    Bulkhead bulkhead = new Bulkhead("scans", 2, 32);
    Bulkhead.Turn first = bulkhead.enter("ann");
    List<Bulkhead.Turn> more = new ArrayList<>();
    for (int i = 0; i < Bulkhead.EACH; i++) {
      more.add(bulkhead.enter("ann"));
    }
    assertThat(in(first)).isTrue();
    assertThat(more).noneMatch(BulkheadTest::in);
    assertThat(bulkhead.enter("ann").granted()).isCompletedExceptionally();
    Bulkhead.Turn bob = bulkhead.enter("bob");
    assertThat(in(bob)).isTrue();
    Bulkhead.Turn cat = bulkhead.enter("cat");
    assertThat(in(cat)).isFalse();
    first.leave();
    assertThat(in(more.getFirst())).isTrue();
    assertThat(in(cat)).isFalse();
    bob.leave();
    assertThat(in(cat)).isTrue();
    assertThat(more.stream().filter(BulkheadTest::in)).hasSize(1);
  }

  @Test
  void whoeverComesForWhomNobodyIsForgotten() {
    Random random = new Random(EntrySamples.seed());
    Bulkhead bulkhead = new Bulkhead("scans", 3, 12);
    List<Bulkhead.Turn> here = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      if (random.nextBoolean()) {
        here.add(bulkhead.enter(random.nextInt(4) == 0 ? null : "u" + random.nextInt(5)));
      } else if (!here.isEmpty()) {
        here.remove(random.nextInt(here.size())).leave();
      }
      here.removeIf(turn -> turn.granted().toCompletableFuture().isCompletedExceptionally());
      assertThat(here.stream().filter(BulkheadTest::in).count()).isLessThanOrEqualTo(3);
    }
    for (int i = 0; i < 100 && !here.isEmpty(); i++) {
      Bulkhead.Turn inside = here.stream().filter(BulkheadTest::in).findFirst().orElseThrow();
      here.remove(inside);
      inside.leave();
    }
    assertThat(here).isEmpty();
    assertThat(bulkhead.waiting()).isZero();
  }

  @Test
  void whoeverComesAndGoesNobodyIsForgotten() {
    Random random = new Random(EntrySamples.seed());
    Bulkhead bulkhead = new Bulkhead("reads", 3, 5);
    List<Bulkhead.Turn> here = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      if (random.nextBoolean()) {
        here.add(bulkhead.enter());
      } else if (!here.isEmpty()) {
        here.remove(random.nextInt(here.size())).leave();
      }
      here.removeIf(turn -> turn.granted().toCompletableFuture().isCompletedExceptionally());
      long inside = here.stream().filter(t -> t.granted().toCompletableFuture().isDone()).count();
      assertThat(inside).isEqualTo(Math.min(3, here.size()));
      assertThat(bulkhead.waiting()).isEqualTo(here.size() - (int) inside);
    }
  }
}
