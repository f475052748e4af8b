package parley.proof.checker;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * After the load all nodes give the same answers: logs (G2), inboxes (G5) and cursors (G6) are
 * identical on all of them.
 */
final class NodeRules {
  private record About(String user, String subject) {}

  private final HistoryIndex historyIndex;
  private final List<Violation> found;

  NodeRules(HistoryIndex historyIndex, List<Violation> found) {
    this.historyIndex = historyIndex;
    this.found = found;
  }

  void check() {
    Map<About, HistoryEvent.NodeView> first = new HashMap<>();
    for (HistoryEvent historyEvent : historyIndex.events) {
      if (historyEvent instanceof HistoryEvent.NodeView view) {
        HistoryEvent.NodeView other =
            first.putIfAbsent(new About(view.user(), view.subject()), view);
        if (other != null && !other.text().equals(view.text())) {
          found.add(
              new Violation(
                  guarantee(view.subject()),
                  "nodes disagree: " + other + " and " + view,
                  List.of()));
        }
      }
    }
  }

  private static String guarantee(String subject) {
    if (subject.startsWith("log")) {
      return "G2";
    }
    return subject.equals("inbox") ? "G5" : "G6";
  }
}
