package parley.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The text of W3C Trace Context, version 0. */
class TraceparentTest {
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String SPAN = "b7ad6b7169203331";

  @Test
  void whatWasWrittenIsRead() {
    String text = Traceparent.of(TRACE, SPAN);
    assertThat(text).isEqualTo("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    assertThat(Traceparent.traceId(text)).isEqualTo(TRACE);
    assertThat(Traceparent.spanId(text)).isEqualTo(SPAN);
  }

  @Test
  void whatIsNoTraceIsNone() {
    for (@Nullable String wrong :
        new @Nullable String[] {
          null,
          "",
          "00-" + TRACE,
          "01-" + TRACE + "-" + SPAN + "-01",
          Traceparent.of(TRACE, SPAN) + "0",
          "00-" + SPAN + "-" + TRACE + "-01"
        }) {
      assertThat(Traceparent.traceId(wrong)).as(wrong).isNull();
      assertThat(Traceparent.spanId(wrong)).as(wrong).isNull();
    }
  }
}
