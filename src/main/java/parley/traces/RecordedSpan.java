package parley.traces;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.StatusCode;
import parley.telemetry.MessageSpan;
import parley.telemetry.Traceparent;

/** A span of the SDK. Its attributes begin with {@code parley.}, as their convention asks for. */
final class RecordedSpan implements MessageSpan {
  private static final String PREFIX = "parley.";

  private final Span span;

  RecordedSpan(Span span) {
    this.span = span;
  }

  @Override
  public String context() {
    SpanContext context = span.getSpanContext();
    return Traceparent.of(context.getTraceId(), context.getSpanId());
  }

  @Override
  public MessageSpan with(String key, String value) {
    span.setAttribute(PREFIX + key, value);
    return this;
  }

  @Override
  public MessageSpan with(String key, long value) {
    span.setAttribute(PREFIX + key, value);
    return this;
  }

  @Override
  public MessageSpan failed(String code) {
    span.setStatus(StatusCode.ERROR, code);
    return this;
  }

  @Override
  public void end() {
    span.end();
  }
}
