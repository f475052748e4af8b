package parley.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class SnapshotRetentionTest {
  private static final long DAY = Duration.ofDays(1).toMillis();

  /** What was asked of the store, as "snapshots 99" and "events 0 100". */
  private final List<String> asked = new ArrayList<>();

  private CompletionStage<Void> answer = CompletableFuture.completedFuture(null);
  private long now = 1_000;
  private SnapshotRetention retention = retention();

  private SnapshotRetention retention() {
    return new SnapshotRetention(
        "one",
        new SnapshotRetention.Removals() {
          @Override
          public CompletionStage<Void> removeSnapshots(long upTo) {
            asked.add("snapshots " + upTo);
            return answer;
          }

          @Override
          public CompletionStage<Void> removeEvents(long done, long upTo) {
            asked.add("events " + done + " " + upTo);
            return answer;
          }
        },
        () -> Instant.ofEpochMilli(now));
  }

  private void stored(long number) {
    retention.begin(number);
    retention.completed(number);
  }

  private void restart() {
    RemovalPlan plan = retention.plan();
    retention = retention();
    retention.recovered(plan);
  }

  private List<String> taken() {
    List<String> all = List.copyOf(asked);
    asked.clear();
    return all;
  }

  @Test
  void theSnapshotBeforeTheNewestIsKept() {
    stored(100);
    assertThat(taken()).isEmpty();
    stored(200);
    assertThat(taken()).containsExactly("snapshots 99");
    stored(300);
    assertThat(taken()).containsExactly("snapshots 199");
  }

  @Test
  void eventsOfAnOlderSnapshotAreRemovedWhenTheyAreADayOld() {
    stored(100);
    now += DAY - 1;
    stored(200);
    assertThat(taken()).containsExactly("snapshots 99");
    now += 1;
    stored(300);
    assertThat(taken()).containsExactly("snapshots 199", "events 0 100");
    stored(400);
    assertThat(taken()).as("300 is not a day old").containsExactly("snapshots 299");
    now += DAY;
    stored(500);
    assertThat(taken()).containsExactly("snapshots 399", "events 100 300");
  }

  /** An entity that sleeps for a month between two snapshots. */
  @Test
  void thePlanIsInTheSnapshot() {
    stored(100);
    for (int i = 2; i < 6; i++) {
      restart();
      now += 30 * DAY;
      stored(i * 100L);
      String done = String.valueOf((i - 2) * 100);
      assertThat(taken())
          .containsExactly(
              "snapshots " + ((i - 1) * 100 - 1), "events " + done + " " + (i - 1) * 100);
    }
  }

  @Test
  void whatFailsIsRemovedWithTheNextEvents() {
    stored(100);
    now += DAY;
    answer = CompletableFuture.failedFuture(new IllegalStateException("away"));
    stored(200);
    assertThat(taken()).as("events are not touched").containsExactly("snapshots 99");
    answer = CompletableFuture.completedFuture(null);
    now += DAY;
    stored(300);
    assertThat(taken()).containsExactly("snapshots 199", "events 100 200");
  }

  @Test
  void aSnapshotThatWasNotStoredRemovesNothingAndIsNotKept() {
    stored(100);
    now += DAY;
    retention.begin(200);
    stored(300);
    assertThat(taken()).containsExactly("snapshots 99", "events 0 100");
  }

  @Test
  void twoRemovalsNeverRunTogether() {
    CompletableFuture<Void> slow = new CompletableFuture<>();
    answer = slow;
    stored(100);
    stored(200);
    stored(300);
    assertThat(taken()).containsExactly("snapshots 99");
    slow.complete(null);
    stored(400);
    assertThat(taken()).containsExactly("snapshots 299");
  }

  /** A snapshot of a version without plans does not say its number. */
  @Test
  void withoutTheNumberOfThePreviousSnapshotNothingIsRemoved() {
    retention.recovered(null);
    stored(900);
    assertThat(taken()).isEmpty();
    now += DAY;
    stored(1_000);
    assertThat(taken()).containsExactly("snapshots 899", "events 0 900");
  }

  @Test
  void anEntityWhoseEventsSomethingElseRemovesKeepsThem() {
    retention.recovered(100);
    now += 2 * DAY;
    retention.begin(200);
    retention.completedWithoutEvents(200);
    assertThat(taken()).containsExactly("snapshots 99");
  }
}
