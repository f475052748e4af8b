package parley.proof.checker;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Checks a finished history against G1 to G6 of the protocol. It sees records only, so it can check
 * the history of an earlier run, and its own tests can plant violations.
 *
 * <p>What a client cannot know does not count against the server: an attempt without an answer may
 * be stored or not, and the last frames of a broken connection may be missing on it, but must
 * arrive later.
 */
public final class Checker {
  private Checker() {}

  /** Returns all violations, in the order of the guarantees; empty if there are none. */
  public static List<Violation> check(RecordedHistory recordedHistory) {
    HistoryIndex historyIndex = new HistoryIndex(recordedHistory.events());
    List<Violation> found = new ArrayList<>();
    new LogRules(historyIndex, found).check();
    new ContentRules(historyIndex, found).check();
    new DeliveryRules(historyIndex, found).check();
    new CounterRules(historyIndex, found).check();
    new NodeRules(historyIndex, found).check();
    found.sort(java.util.Comparator.comparing(Violation::guarantee));
    return found;
  }

  /** Throws with the first violations of each guarantee, if there are any. */
  public static void assertNone(RecordedHistory recordedHistory) {
    List<Violation> found = check(recordedHistory);
    if (!found.isEmpty()) {
      Map<String, List<Violation>> byGuarantee = new LinkedHashMap<>();
      found.forEach(v -> byGuarantee.computeIfAbsent(v.guarantee(), g -> new ArrayList<>()).add(v));
      StringBuilder text = new StringBuilder();
      byGuarantee.forEach(
          (guarantee, all) -> {
            text.append('\n').append(guarantee).append(" broken ").append(all.size()).append("x");
            all.stream().limit(5).forEach(v -> text.append("\n  ").append(v));
          });
      throw new AssertionError(text.toString());
    }
  }
}
