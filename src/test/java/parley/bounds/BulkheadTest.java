package parley.bounds;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BulkheadTest {
  private static final class Full extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private static Random random() {
    long seed = Long.getLong("parley.seed", System.nanoTime());
    System.out.println("parley.seed=" + seed);
    return new Random(seed);
  }

  @Test
  void callsOverTheRunningAndWaitingBoundsAreRefused() {
    Bulkhead bulkhead = new Bulkhead(2, 1, Full::new);
    Bulkhead.Permit first = bulkhead.enter();
    Bulkhead.Permit second = bulkhead.enter();
    Bulkhead.Permit third = bulkhead.enter();
    Bulkhead.Permit fourth = bulkhead.enter();
    assertThat(first.granted()).isCompleted();
    assertThat(second.granted()).isCompleted();
    assertThat(third.granted().toCompletableFuture()).isNotDone();
    assertThat(fourth.granted())
        .isCompletedExceptionally()
        .failsWithin(java.time.Duration.ZERO)
        .withThrowableThat()
        .withCauseInstanceOf(Full.class);
    fourth.release();
    assertThat(third.granted().toCompletableFuture()).isNotDone();
    second.release();
    second.release();
    assertThat(third.granted()).isCompleted();
    assertThat(bulkhead.enter().granted().toCompletableFuture()).isNotDone();
  }

  private static boolean in(Bulkhead.Permit permit) {
    return permit.granted().toCompletableFuture().isDone()
        && !permit.granted().toCompletableFuture().isCompletedExceptionally();
  }

  @Test
  void eachUserHasOneRunningCallAndOthersPass() {
    Bulkhead bulkhead = new Bulkhead(2, 32, Full::new);
    Bulkhead.Permit first = bulkhead.enter("ann");
    List<Bulkhead.Permit> more = new ArrayList<>();
    for (int i = 0; i < Bulkhead.MAX_WAITING_OF_NAME; i++) {
      more.add(bulkhead.enter("ann"));
    }
    assertThat(in(first)).isTrue();
    assertThat(more).noneMatch(BulkheadTest::in);
    assertThat(bulkhead.enter("ann").granted()).isCompletedExceptionally();
    Bulkhead.Permit bob = bulkhead.enter("bob");
    assertThat(in(bob)).isTrue();
    Bulkhead.Permit cat = bulkhead.enter("cat");
    assertThat(in(cat)).isFalse();
    first.release();
    assertThat(in(more.getFirst())).isTrue();
    assertThat(in(cat)).isFalse();
    bob.release();
    assertThat(in(cat)).isTrue();
    assertThat(more.stream().filter(BulkheadTest::in)).hasSize(1);
  }

  @Test
  void randomCallsStayWithinTheBoundAndAllGetTheirTurn() {
    Random random = random();
    Bulkhead bulkhead = new Bulkhead(3, 12, Full::new);
    List<Bulkhead.Permit> here = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      if (random.nextBoolean()) {
        here.add(bulkhead.enter(random.nextInt(4) == 0 ? null : "u" + random.nextInt(5)));
      } else if (!here.isEmpty()) {
        here.remove(random.nextInt(here.size())).release();
      }
      here.removeIf(permit -> permit.granted().toCompletableFuture().isCompletedExceptionally());
      assertThat(here.stream().filter(BulkheadTest::in).count()).isLessThanOrEqualTo(3);
    }
    for (int i = 0; i < 100 && !here.isEmpty(); i++) {
      Bulkhead.Permit inside = here.stream().filter(BulkheadTest::in).findFirst().orElseThrow();
      here.remove(inside);
      inside.release();
    }
    assertThat(here).isEmpty();
    assertThat(bulkhead.waiting()).isZero();
  }

  @Test
  void whoeverComesAndGoesNobodyIsForgotten() {
    Random random = random();
    Bulkhead bulkhead = new Bulkhead(3, 5, Full::new);
    List<Bulkhead.Permit> here = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      if (random.nextBoolean()) {
        here.add(bulkhead.enter());
      } else if (!here.isEmpty()) {
        here.remove(random.nextInt(here.size())).release();
      }
      here.removeIf(permit -> permit.granted().toCompletableFuture().isCompletedExceptionally());
      long inside = here.stream().filter(t -> t.granted().toCompletableFuture().isDone()).count();
      assertThat(inside).isEqualTo(Math.min(3, here.size()));
      assertThat(bulkhead.waiting()).isEqualTo(here.size() - (int) inside);
    }
  }
}
