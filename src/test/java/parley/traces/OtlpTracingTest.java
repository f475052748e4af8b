package parley.traces;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import parley.client.Ports;
import parley.telemetry.MessageSpan;
import parley.telemetry.Traceparent;
import parley.telemetry.Tracing;
import parley.telemetry.Tracing.Part;

/** What is recorded, what a collector gets, and what happens if it takes nothing. */
@Timeout(60)
class OtlpTracingTest {
  private static final InstantSource CLOCK = InstantSource.system();

  @Test
  void aTraceArrivesWithItsParents() throws Exception {
    try (OtlpCollector collector = new OtlpCollector()) {
      OtlpTracing tracing = OtlpTracing.to(collector.uri(), 1, 0, "1.2.3", "node-a");
      MessageSpan root = Objects.requireNonNull(tracing.begin(Tracing.Part.SOCKET));
      MessageSpan child = Objects.requireNonNull(tracing.child(Part.PERSIST, root.context()));
      child.with("seq", 7).failed("unavailable").end();
      root.with("user_id", "u_1").end();
      closed(tracing);

      List<CollectedSpan> spans = collector.spans();
      assertThat(spans).hasSize(2);
      CollectedSpan first = named(spans, "socket");
      CollectedSpan second = named(spans, "persist");
      assertThat(first.parentId()).isEmpty();
      assertThat(first.attributes()).containsEntry("parley.user_id", "u_1");
      assertThat(second.parentId()).isEqualTo(first.spanId());
      assertThat(second.traceId()).isEqualTo(first.traceId());
      assertThat(second.failed()).isTrue();
      assertThat(second.attributes()).containsEntry("parley.seq", "7");
      assertThat(spans).allSatisfy(span -> assertThat(span.node()).isEqualTo("node-a"));
      assertThat(Traceparent.traceId(root.context())).isEqualTo(first.traceId());
      assertThat(tracing.exported()).isEqualTo(2);
      assertThat(tracing.dropped()).isZero();
    }
  }

  @Test
  void aPartOfTheMessagesIsTraced() throws Exception {
    try (OtlpCollector collector = new OtlpCollector()) {
      OtlpTracing none = OtlpTracing.to(collector.uri(), 0, 0, "1", "a");
      OtlpTracing some = OtlpTracing.to(collector.uri(), 0.1, 0, "1", "a");
      int traced = 0;
      for (int i = 0; i < 10_000; i++) {
        assertThat(none.begin(Tracing.Part.SOCKET)).isNull();
        traced += some.begin(Tracing.Part.SOCKET) == null ? 0 : 1;
      }
      // Nine standard deviations: a wrong part fails, chance does not.
      assertThat(traced).isBetween(730, 1_270);
      closed(none);
      closed(some);
      // No span has ended.
      assertThat(collector.requests()).isZero();
    }
  }

  /** A busy node does not spend a fifth of its time on traces. */
  @Test
  void tracesOfASecondAreBounded() throws Exception {
    AtomicLong millis = new AtomicLong(1_000);
    OtlpTracing tracing =
        OtlpTracing.to(new Refusing(), 3, () -> Instant.ofEpochMilli(millis.get()));
    assertThat(begun(tracing, 10)).isEqualTo(3);
    millis.addAndGet(1_000);
    assertThat(begun(tracing, 10)).isEqualTo(3);
    closed(tracing);
  }

  private static long begun(OtlpTracing tracing, int messages) {
    return IntStream.range(0, messages)
        .filter(i -> tracing.begin(Tracing.Part.SOCKET) != null)
        .count();
  }

  @Test
  void withoutAContextNothingIsRecorded() {
    assertThat(Tracing.OFF.begin(Tracing.Part.SOCKET)).isNull();
    OtlpTracing tracing = OtlpTracing.to(new Refusing(), 0, CLOCK);
    for (@Nullable String wrong :
        new @Nullable String[] {
          null,
          "",
          "00-",
          "x".repeat(55),
          "00-" + "0".repeat(32) + "-" + "1".repeat(16) + "-01",
          "00-" + "A".repeat(32) + "-" + "1".repeat(16) + "-01",
          "00-" + "1".repeat(33) + "-" + "1".repeat(15) + "-01",
        }) {
      assertThat(tracing.child(Part.DELIVER, wrong)).as(wrong).isNull();
    }
  }

  @Test
  void aCollectorThatRefusesCostsSpansOnly() {
    OtlpTracing tracing = OtlpTracing.to(new Refusing(), 0, CLOCK);
    for (int i = 0; i < 100; i++) {
      Objects.requireNonNull(tracing.begin(Tracing.Part.SOCKET)).end();
    }
    await().atMost(Duration.ofSeconds(30)).until(() -> tracing.dropped() == 100);
    assertThat(tracing.exported()).isZero();
  }

  @Test
  void aDeadCollectorCostsSpansOnly() throws Exception {
    OtlpTracing tracing =
        OtlpTracing.to(URI.create("http://127.0.0.1:" + Ports.free()), 1, 0, "1", "a");
    Objects.requireNonNull(tracing.begin(Tracing.Part.SOCKET)).end();
    await().atMost(Duration.ofSeconds(30)).until(() -> tracing.dropped() == 1);
    closed(tracing);
  }

  /** An exporter that never answers: the queue fills, and what is more is dropped at once. */
  @Test
  void theQueueIsBounded() {
    Silent silent = new Silent();
    OtlpTracing tracing = OtlpTracing.to(silent, 0, CLOCK);
    for (int i = 0; i < SpanQueue.MAX_WAITING + 1_000; i++) {
      Objects.requireNonNull(tracing.begin(Tracing.Part.SOCKET)).end();
    }
    assertThat(tracing.dropped()).isEqualTo(1_000);
    assertThat(tracing.exported()).isZero();
    silent.answer.succeed();
    await().atMost(Duration.ofSeconds(30)).until(() -> tracing.exported() == SpanQueue.MAX_WAITING);
  }

  /** A stop does not wait for a collector that is silent. */
  @Test
  void aStopIsBounded() throws Exception {
    OtlpTracing tracing = OtlpTracing.to(new Silent(), 0, CLOCK);
    Objects.requireNonNull(tracing.begin(Tracing.Part.SOCKET)).end();
    closed(tracing);
  }

  private static void closed(OtlpTracing tracing) throws Exception {
    tracing.close().toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  private static CollectedSpan named(List<CollectedSpan> spans, String name) {
    return spans.stream().filter(span -> span.name().equals(name)).findFirst().orElseThrow();
  }

  /** Answers every batch with a failure. */
  private static class Refusing implements SpanExporter {
    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
      return CompletableResultCode.ofFailure();
    }

    @Override
    public CompletableResultCode flush() {
      return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
      return CompletableResultCode.ofSuccess();
    }
  }

  /** Answers when the test says so. */
  private static final class Silent extends Refusing {
    private final CompletableResultCode answer = new CompletableResultCode();

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
      return answer;
    }

    @Override
    public CompletableResultCode shutdown() {
      return answer;
    }
  }
}
