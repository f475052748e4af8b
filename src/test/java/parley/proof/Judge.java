package parley.proof;

import java.nio.file.Path;
import java.util.List;

/** Judges a recorded run again: {@code java parley.proof.Judge target/crash-history.jsonl}. */
public final class Judge {
  private Judge() {}

  public static void main(String[] args) {
    History history = History.load(Path.of(args[0]));
    List<Violation> found = Checker.check(history);
    found.forEach(System.out::println);
    System.out.println(history.events().size() + " events, " + found.size() + " violations");
    System.exit(found.isEmpty() ? 0 : 1);
  }
}
