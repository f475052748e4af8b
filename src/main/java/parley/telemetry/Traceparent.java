package parley.telemetry;

import org.jspecify.annotations.Nullable;

/**
 * The place of a message in its trace, as a text that travels between nodes: {@code
 * 00-TRACE-SPAN-01}, the {@code traceparent} of W3C Trace Context, version 0. Null stands for a
 * message that is not traced, which is the usual one.
 */
public final class Traceparent {
  private static final int LENGTH = 55;
  private static final int TRACE_START = 3;
  private static final int TRACE_END = 35;
  private static final int SPAN_START = 36;
  private static final int SPAN_END = 52;

  private Traceparent() {}

  /** The text for a span of a trace that is recorded. */
  public static String of(String traceId, String spanId) {
    return "00-" + traceId + "-" + spanId + "-01";
  }

  /** The id of the trace, 32 hexadecimal digits; null if there is no trace, or no valid text. */
  public static @Nullable String traceId(@Nullable String text) {
    return text != null && isValid(text) ? text.substring(TRACE_START, TRACE_END) : null;
  }

  /** The id of the span, 16 hexadecimal digits; null if there is no trace, or no valid text. */
  public static @Nullable String spanId(@Nullable String text) {
    return text != null && isValid(text) ? text.substring(SPAN_START, SPAN_END) : null;
  }

  private static boolean isValid(String text) {
    if (text.length() != LENGTH || !text.startsWith("00-")) {
      return false;
    }
    for (int i = TRACE_START; i < LENGTH; i++) {
      char c = text.charAt(i);
      boolean hyphen = i == TRACE_END || i == SPAN_END;
      if (hyphen ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
        return false;
      }
    }
    return true;
  }
}
