package parley.traces;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Draws one trace as text: a line for each span, indented by its parents, on one scale of time. */
public final class Waterfall {
  private static final int WIDTH = 40;
  private static final double NANOS = 1e6;

  private Waterfall() {}

  /** The drawing of a trace with at least one span. */
  public static String of(List<CollectedSpan> trace) {
    long start = trace.stream().mapToLong(CollectedSpan::startNanos).min().orElseThrow();
    long end = trace.stream().mapToLong(CollectedSpan::endNanos).max().orElseThrow();
    StringBuilder text = new StringBuilder();
    text.append("trace ").append(trace.getFirst().traceId()).append('\n');
    text.append(
        String.format(Locale.ROOT, "%-22s %-10s %9s %9s%n", "span", "node", "from ms", "takes ms"));
    for (CollectedSpan root : childrenOf(trace, "")) {
      draw(trace, root, 0, start, Math.max(1, end - start), text);
    }
    return text.toString();
  }

  private static void draw(
      List<CollectedSpan> trace,
      CollectedSpan span,
      int depth,
      long start,
      long length,
      StringBuilder text) {
    int from = (int) ((span.startNanos() - start) * WIDTH / length);
    int to = (int) Math.max(from + 1, (span.endNanos() - start) * WIDTH / length);
    text.append(
        String.format(
            Locale.ROOT,
            "%-22s %-10s %9.2f %9.2f |%s%s%s|%s%n",
            "  ".repeat(depth) + span.name(),
            span.node(),
            (span.startNanos() - start) / NANOS,
            (span.endNanos() - span.startNanos()) / NANOS,
            " ".repeat(Math.min(from, WIDTH - 1)),
            "=".repeat(Math.max(1, Math.min(to, WIDTH) - Math.min(from, WIDTH - 1))),
            " ".repeat(Math.max(0, WIDTH - Math.max(to, from + 1))),
            span.failed() ? " failed" : ""));
    for (CollectedSpan child : childrenOf(trace, span.spanId())) {
      draw(trace, child, depth + 1, start, length, text);
    }
  }

  private static List<CollectedSpan> childrenOf(List<CollectedSpan> trace, String parent) {
    return trace.stream()
        .filter(span -> span.parentId().equals(parent))
        .sorted(Comparator.comparingLong(CollectedSpan::startNanos))
        .toList();
  }
}
