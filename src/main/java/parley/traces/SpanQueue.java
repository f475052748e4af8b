package parley.traces;

import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.telemetry.LogEvents;

/**
 * The queue of ended spans before their export, and the counts of what became of them. It never
 * blocks: a span that finds the queue full is dropped. The SDK's processor behind it has its own
 * bound, which is never reached, and reports no drops.
 */
final class SpanQueue implements SpanProcessor {
  /** The most spans that wait or are being exported. */
  static final int MAX_WAITING = 4_096;

  private static final int BATCH = 512;
  private static final Duration EXPORT_EVERY = Duration.ofSeconds(5);

  /** Longer than the exporter's own timeout. */
  private static final Duration EXPORT_TIMEOUT = Duration.ofSeconds(10);

  private static final Logger LOG = LoggerFactory.getLogger(SpanQueue.class);

  private final SpanProcessor batches;
  private final AtomicInteger waiting = new AtomicInteger();
  private final LongAdder exported = new LongAdder();
  private final LongAdder dropped = new LongAdder();

  SpanQueue(SpanExporter exporter) {
    batches =
        BatchSpanProcessor.builder(new Counting(exporter))
            .setMaxQueueSize(2 * MAX_WAITING)
            .setMaxExportBatchSize(BATCH)
            .setScheduleDelay(EXPORT_EVERY)
            .setExporterTimeout(EXPORT_TIMEOUT)
            .build();
  }

  long exported() {
    return exported.sum();
  }

  long dropped() {
    return dropped.sum();
  }

  @Override
  public void onStart(Context parent, ReadWriteSpan span) {}

  @Override
  public boolean isStartRequired() {
    return false;
  }

  @Override
  public void onEnd(ReadableSpan span) {
    if (waiting.incrementAndGet() > MAX_WAITING) {
      waiting.decrementAndGet();
      dropped.increment();
    } else {
      batches.onEnd(span);
    }
  }

  @Override
  public boolean isEndRequired() {
    return true;
  }

  @Override
  public CompletableResultCode shutdown() {
    return batches.shutdown();
  }

  @Override
  public CompletableResultCode forceFlush() {
    return batches.forceFlush();
  }

  /** Passes batches on, and counts them when their outcome is known. */
  private final class Counting implements SpanExporter {
    private final SpanExporter exporter;

    Counting(SpanExporter exporter) {
      this.exporter = exporter;
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
      int count = spans.size();
      CompletableResultCode result;
      try {
        result = exporter.export(spans);
      } catch (RuntimeException e) {
        result = CompletableResultCode.ofExceptionalFailure(e);
      }
      CompletableResultCode known = result;
      return known.whenComplete(() -> completed(count, known));
    }

    private void completed(int count, CompletableResultCode result) {
      waiting.addAndGet(-count);
      if (result.isSuccess()) {
        exported.add(count);
        return;
      }
      dropped.add(count);
      Throwable why = result.getFailureThrowable();
      LOG.atWarn()
          .addKeyValue(LogEvents.EVENT, "spans_not_exported")
          .addKeyValue("spans", count)
          .log(
              "{} spans could not be exported: {}",
              count,
              why == null ? "refused" : why.toString());
    }

    @Override
    public CompletableResultCode flush() {
      return exporter.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
      return exporter.shutdown();
    }
  }
}
