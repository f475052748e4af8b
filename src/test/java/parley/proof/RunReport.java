package parley.proof;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import parley.proof.checker.Checker;
import parley.proof.checker.HistoryEvent;
import parley.proof.checker.RecordedHistory;
import parley.proof.checker.Violation;
import parley.proof.faults.FaultPlan;

/** Summarizes a run: what clients did, and the violations of each guarantee. */
final class RunReport {
  private final RecordedHistory recordedHistory;
  private final Map<String, Long> broken;
  private final long reordered;

  RunReport(RecordedHistory recordedHistory) {
    this.recordedHistory = recordedHistory;
    List<Violation> found = Checker.check(recordedHistory);
    this.broken =
        found.stream().collect(Collectors.groupingBy(Violation::guarantee, Collectors.counting()));
    this.reordered = found.stream().filter(v -> v.what().startsWith("out of order")).count();
  }

  /** How often a kind of harm was done. */
  long count(FaultPlan.Kind kind) {
    return recordedHistory.events().stream()
        .filter(
            historyEvent ->
                historyEvent instanceof HistoryEvent.Killed k
                    && (k.how() + " ").startsWith(kind.name() + " "))
        .count();
  }

  /** Median and worst of ascending milliseconds. */
  static String spread(List<Long> millis) {
    if (millis.isEmpty()) {
      return "was not measured";
    }
    return "median %.1f s, worst %.1f s (%d conversations)"
        .formatted(
            millis.get(millis.size() / 2) / 1000.0, millis.getLast() / 1000.0, millis.size());
  }

  @Override
  public String toString() {
    return "lost %d, doubled %d, reordered %d, holes or changed %d, other delivery %d, unread %d, cursors %d"
        .formatted(
            broken.getOrDefault("G1", 0L),
            broken.getOrDefault("G3", 0L),
            reordered,
            broken.getOrDefault("G2", 0L),
            broken.getOrDefault("G4", 0L) - reordered,
            broken.getOrDefault("G5", 0L),
            broken.getOrDefault("G6", 0L));
  }
}
