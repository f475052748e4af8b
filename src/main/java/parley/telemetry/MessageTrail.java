package parley.telemetry;

/**
 * How single messages are followed on their way: lines of the log, and traces.
 *
 * @param log writes steps into the log
 * @param tracing records spans
 */
public record MessageTrail(MessageLog log, Tracing tracing) {
  /** Follows nothing. */
  public static final MessageTrail OFF = new MessageTrail(MessageLog.OFF, Tracing.OFF);
}
