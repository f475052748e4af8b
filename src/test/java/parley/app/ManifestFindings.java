package parley.app;

import java.util.ArrayList;
import java.util.List;

/** The problems that the rules find in the manifests, in the order in which they are found. */
final class ManifestFindings {
  private final List<String> problems = new ArrayList<>();

  /** Adds the problem unless the condition holds. */
  void expect(boolean good, String problem) {
    if (!good) {
      problems.add(problem);
    }
  }

  void add(String problem) {
    problems.add(problem);
  }

  /** All problems; empty if there are none. */
  List<String> all() {
    return problems;
  }
}
