package parley.traces;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;

/**
 * A collector of traces: takes OTLP over HTTP and keeps the spans in memory. As a program it prints
 * a {@link Waterfall} of each trace (argument: the port, such as 4318).
 */
public final class OtlpCollector implements AutoCloseable {
  private static final long PRINT_SECONDS = 5;

  private final HttpServer server;
  private final List<CollectedSpan> spans = new CopyOnWriteArrayList<>();
  private final AtomicInteger requests = new AtomicInteger();

  public OtlpCollector() throws IOException {
    this(0);
  }

  private OtlpCollector(int port) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.createContext("/v1/traces", this::take);
    server.start();
  }

  /** Prints the traces that arrive. */
  public static void main(String[] args) throws IOException {
    OtlpCollector collector = new OtlpCollector(Integer.parseInt(args[0]));
    System.out.println("PARLEY_TRACES_URL=" + collector.uri());
    ScheduledFuture<?> unused =
        Executors.newSingleThreadScheduledExecutor()
            .scheduleWithFixedDelay(
                collector::print, PRINT_SECONDS, PRINT_SECONDS, TimeUnit.SECONDS);
  }

  /** The parts of a trace come from several nodes, within some seconds. */
  private void print() {
    for (List<CollectedSpan> trace : complete()) {
      System.out.println(Waterfall.of(trace));
      spans.removeAll(trace);
    }
  }

  public URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** How many requests have come. */
  public int requests() {
    return requests.get();
  }

  public List<CollectedSpan> spans() {
    return List.copyOf(spans);
  }

  /** The traces whose root has arrived. */
  public List<List<CollectedSpan>> complete() {
    return spans.stream().collect(Collectors.groupingBy(CollectedSpan::traceId)).values().stream()
        .filter(trace -> trace.stream().anyMatch(span -> span.parentId().isEmpty()))
        .toList();
  }

  private void take(HttpExchange exchange) throws IOException {
    requests.incrementAndGet();
    try (exchange) {
      boolean gzip = "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"));
      InputStream body = exchange.getRequestBody();
      read(ExportTraceServiceRequest.parseFrom(gzip ? new GZIPInputStream(body) : body));
      exchange.getResponseHeaders().add("Content-Type", "application/x-protobuf");
      exchange.sendResponseHeaders(200, -1);
    }
  }

  private void read(ExportTraceServiceRequest request) {
    for (ResourceSpans resource : request.getResourceSpansList()) {
      String node =
          attributes(resource.getResource().getAttributesList())
              .getOrDefault("service.instance.id", "?");
      for (ScopeSpans scope : resource.getScopeSpansList()) {
        for (Span span : scope.getSpansList()) {
          spans.add(
              new CollectedSpan(
                  hex(span.getTraceId().toByteArray()),
                  hex(span.getSpanId().toByteArray()),
                  hex(span.getParentSpanId().toByteArray()),
                  span.getName(),
                  node,
                  span.getStartTimeUnixNano(),
                  span.getEndTimeUnixNano(),
                  span.getStatus().getCode() == Status.StatusCode.STATUS_CODE_ERROR,
                  attributes(span.getAttributesList())));
        }
      }
    }
  }

  private static Map<String, String> attributes(List<KeyValue> all) {
    Map<String, String> map = new HashMap<>();
    for (KeyValue one : all) {
      AnyValue value = one.getValue();
      map.put(
          one.getKey(),
          value.hasStringValue() ? value.getStringValue() : String.valueOf(value.getIntValue()));
    }
    return map;
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
