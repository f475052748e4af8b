package parley.proof.checker;

import java.nio.file.Path;
import java.util.List;

/**
 * Checks the recorded history of an earlier run again: {@code java
 * parley.proof.checker.RecheckHistory target/crash-history.jsonl}.
 */
public final class RecheckHistory {
  private RecheckHistory() {}

  public static void main(String[] args) {
    RecordedHistory recordedHistory = RecordedHistory.load(Path.of(args[0]));
    List<Violation> found = Checker.check(recordedHistory);
    found.forEach(System.out::println);
    System.out.println(
        recordedHistory.events().size() + " events, " + found.size() + " violations");
    System.exit(found.isEmpty() ? 0 : 1);
  }
}
