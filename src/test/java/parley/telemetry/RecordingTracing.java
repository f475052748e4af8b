package parley.telemetry;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Keeps spans in memory, for tests of what reports them. It begins no traces by itself. */
public final class RecordingTracing implements Tracing {
  /** A span; ended or not. */
  public static final class Recorded implements MessageSpan {
    public final Part part;
    public final String parent;
    public final Map<String, Object> values = new ConcurrentHashMap<>();
    private final String context;
    private volatile boolean ended;

    private Recorded(Part part, String parent, String context) {
      this.part = part;
      this.parent = parent;
      this.context = context;
    }

    public boolean ended() {
      return ended;
    }

    @Override
    public String context() {
      return context;
    }

    @Override
    public MessageSpan with(String key, String value) {
      values.put(key, value);
      return this;
    }

    @Override
    public MessageSpan with(String key, long value) {
      values.put(key, value);
      return this;
    }

    @Override
    public MessageSpan failed(String code) {
      values.put("failed", code);
      return this;
    }

    @Override
    public void end() {
      ended = true;
    }

    @Override
    public String toString() {
      return part + "(" + values + (ended ? ", ended)" : ")");
    }
  }

  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

  private final List<Recorded> spans = new CopyOnWriteArrayList<>();
  private final AtomicLong lastId = new AtomicLong();

  /** A context of a span that is not among the recorded ones. */
  public String newContext() {
    return Traceparent.of(TRACE, "%016x".formatted(lastId.incrementAndGet()));
  }

  /** The spans of this part, in the order in which they began. */
  public List<Recorded> spans(Part part) {
    return spans.stream().filter(span -> span.part == part).toList();
  }

  /** All spans. */
  public List<Recorded> spans() {
    return List.copyOf(spans);
  }

  @Override
  public @Nullable MessageSpan begin(Part root) {
    return null;
  }

  @Override
  public @Nullable MessageSpan child(Part part, @Nullable String parent) {
    if (Traceparent.spanId(parent) == null || parent == null) {
      return null;
    }
    Recorded span = new Recorded(part, parent, newContext());
    spans.add(span);
    return span;
  }
}
