package parley.traces;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import parley.bounds.CellRate;
import parley.telemetry.MessageSpan;
import parley.telemetry.Traceparent;
import parley.telemetry.Tracing;

/** Records a part of the messages as traces, and exports them to a collector by OTLP over HTTP. */
public final class OtlpTracing implements Tracing {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
  private static final Duration EXPORT_TIMEOUT = Duration.ofSeconds(5);

  /** How long {@link #close} waits for the export of what is recorded. */
  static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

  /** The path of traces, which is appended to an address without a path. */
  private static final String PATH = "/v1/traces";

  /**
   * The SDK's own logger, which would write to standard error what {@link SpanQueue} logs. Kept
   * here, because the JDK forgets the level of a logger that nobody holds.
   */
  private static final Logger SDK_LOG = Logger.getLogger("io.opentelemetry");

  private final double sample;
  private final int perSecond;
  private final InstantSource clock;
  private final CellRate rate = new CellRate();
  private final SpanQueue queue;
  private final SdkTracerProvider provider;
  private final Tracer tracer;

  private OtlpTracing(
      SpanExporter exporter,
      double sample,
      int perSecond,
      InstantSource clock,
      String version,
      String node) {
    this.sample = sample;
    this.perSecond = perSecond;
    this.clock = clock;
    this.queue = new SpanQueue(exporter);
    this.provider =
        SdkTracerProvider.builder()
            .setResource(
                Resource.create(
                    Attributes.of(
                        AttributeKey.stringKey("service.name"),
                        "parley",
                        AttributeKey.stringKey("service.version"),
                        version,
                        AttributeKey.stringKey("service.instance.id"),
                        node)))
            .addSpanProcessor(queue)
            .build();
    this.tracer = provider.get("parley", version);
  }

  /**
   * Starts a thread that exports. Connects to nothing before the first message is traced.
   *
   * @param collector the address; without a path, that of OTLP traces is appended
   * @param sample the part of messages that are traced, 0 to 1
   * @param perSecond the most traces that begin on this node in a second, 0 for no limit. A busy
   *     node needs no more of them to be understood, and each costs as much as a message
   * @param version the version of the program
   * @param node the name of this node, see {@link parley.telemetry.NodeName}
   */
  public static OtlpTracing to(
      URI collector, double sample, int perSecond, String version, String node) {
    SDK_LOG.setLevel(Level.OFF);
    String path = collector.getPath();
    boolean bare = path == null || path.isEmpty() || path.equals("/");
    SpanExporter exporter =
        OtlpHttpSpanExporter.builder()
            .setEndpoint(bare ? collector.resolve(PATH).toString() : collector.toString())
            .setCompression("gzip")
            .setConnectTimeout(CONNECT_TIMEOUT)
            .setTimeout(EXPORT_TIMEOUT)
            // A second attempt would hold back those behind it.
            .setRetryPolicy(null)
            .build();
    return new OtlpTracing(exporter, sample, perSecond, InstantSource.system(), version, node);
  }

  /** The same with another exporter, for tests. */
  static OtlpTracing to(SpanExporter exporter, int perSecond, InstantSource clock) {
    return new OtlpTracing(exporter, 1, perSecond, clock, "test", "test");
  }

  @Override
  public @Nullable MessageSpan begin(Part root) {
    if (sample <= 0
        || ThreadLocalRandom.current().nextDouble() >= sample
        || rate.tryTake(perSecond, clock.millis()) > 0) {
      return null;
    }
    return new RecordedSpan(builder(root, Context.root()).setSpanKind(SpanKind.SERVER).startSpan());
  }

  @Override
  public @Nullable MessageSpan child(Part part, @Nullable String parent) {
    String trace = Traceparent.traceId(parent);
    String span = Traceparent.spanId(parent);
    if (trace == null || span == null) {
      return null;
    }
    SpanContext context =
        SpanContext.createFromRemoteParent(
            trace, span, TraceFlags.getSampled(), TraceState.getDefault());
    return context.isValid()
        ? new RecordedSpan(builder(part, Context.root().with(Span.wrap(context))).startSpan())
        : null;
  }

  private SpanBuilder builder(Part part, Context parent) {
    return tracer.spanBuilder(part.name().toLowerCase(Locale.ROOT)).setParent(parent);
  }

  @Override
  public long exported() {
    return queue.exported();
  }

  @Override
  public long dropped() {
    return queue.dropped();
  }

  /**
   * Exports what is recorded, and ends. The result completes when that is done, or after {@link
   * #CLOSE_TIMEOUT}; it never fails.
   */
  @Override
  public CompletionStage<Void> close() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    CompletableResultCode ended = provider.shutdown();
    ended.whenComplete(() -> done.complete(null));
    return done.completeOnTimeout(null, CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
  }
}
