package parley.proof;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import parley.proof.checker.Checker;
import parley.proof.checker.GoodHistory;
import parley.proof.checker.HistoryEvent;
import parley.proof.checker.PlantedViolations;
import parley.proof.checker.RecordedHistory;
import parley.proof.checker.Violation;

/**
 * Tests the checker itself: each kind of violation is planted in a correct history and must be
 * found.
 */
class CheckerTest {
  private static final long SEED = Long.getLong("parley.seed", new Random().nextInt(1_000_000));

  @Test
  void aGoodHistoryPasses() {
    for (int i = 0; i < 30; i++) {
      List<HistoryEvent> events = good(SEED + i);
      assertThat(judge(events)).as("seed %d", SEED + i).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(PlantedViolations.class)
  void everyPlantedViolationIsFound(PlantedViolations plantedViolations) {
    int planted = 0;
    // Not every history has a place for this violation.
    for (int i = 0; i < 10 || (planted == 0 && i < 300); i++) {
      List<HistoryEvent> events = good(SEED + i);
      if (plantedViolations.into(events, new Random(SEED + i))) {
        planted++;
        assertThat(judge(events))
            .as("%s, seed %d", plantedViolations, SEED + i)
            .anySatisfy(
                violation ->
                    assertThat(violation.guarantee()).isEqualTo(plantedViolations.guarantee()));
      }
    }
    assertThat(planted).as("seed %d", SEED).isPositive();
  }

  @Test
  void aWrittenHistoryIsJudgedAlike(@TempDir Path folder) {
    List<HistoryEvent> events = good(SEED);
    PlantedViolations.LOST_FROM_THE_LOG.into(events, new Random(SEED));
    Path file = folder.resolve("history.jsonl");
    try (RecordedHistory written = RecordedHistory.to(file)) {
      events.forEach(written::add);
    }
    RecordedHistory loaded = RecordedHistory.load(file);
    assertThat(loaded.events()).isEqualTo(events);
    assertThat(Checker.check(loaded)).isEqualTo(judge(events));
  }

  private static List<HistoryEvent> good(long seed) {
    System.out.println("history of seed " + seed);
    return new ArrayList<>(GoodHistory.generate(seed, 600));
  }

  private static List<Violation> judge(List<HistoryEvent> events) {
    RecordedHistory recordedHistory = RecordedHistory.inMemory();
    events.forEach(recordedHistory::add);
    return Checker.check(recordedHistory);
  }
}
