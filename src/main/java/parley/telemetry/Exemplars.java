package parley.telemetry;

import io.micrometer.core.instrument.Timer;
import io.prometheus.metrics.tracer.common.SpanContext;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Attaches the id of a trace to the time of a traced message, as an <i>exemplar</i> of the
 * OpenMetrics format. So a dashboard leads from a slow bucket to a message that was in it. The
 * library of meters asks for the trace while a time is recorded, and keeps one exemplar a bucket
 * for some seconds. Thread-safe.
 */
final class Exemplars implements SpanContext {
  private final ThreadLocal<@Nullable String> current = new ThreadLocal<>();

  /**
   * Records a time.
   *
   * @param nanos negative is recorded as 0
   * @param trace the context of the message, see {@link Traceparent}; null if it is not traced
   */
  void record(Timer timer, long nanos, @Nullable String trace) {
    if (trace == null) {
      timer.record(Math.max(0, nanos), TimeUnit.NANOSECONDS);
      return;
    }
    current.set(trace);
    try {
      timer.record(Math.max(0, nanos), TimeUnit.NANOSECONDS);
    } finally {
      current.remove();
    }
  }

  @Override
  public @Nullable String getCurrentTraceId() {
    return Traceparent.traceId(current.get());
  }

  @Override
  public @Nullable String getCurrentSpanId() {
    return Traceparent.spanId(current.get());
  }

  @Override
  public boolean isCurrentSpanSampled() {
    return current.get() != null;
  }

  /** Traces are chosen when they begin, so none has to be kept because of this. */
  @Override
  public void markCurrentSpanAsExemplar() {}
}
