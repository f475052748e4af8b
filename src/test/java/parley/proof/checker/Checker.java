package parley.proof.checker;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Judges a finished history against G1 to G6 of the protocol. It sees records only, so it can judge
 * a run of yesterday, and its own tests can plant what a server must never do.
 *
 * <p>What a client cannot know is not held against the server: an attempt without an answer may be
 * stored or not; the tail of a connection that was cut may be missing there, but not for ever.
 */
public final class Checker {
  private Checker() {}

  /** All violations, the guarantees in order; empty is what we want. */
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
