package parley.telemetry;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Writes the way of single messages into the log, at debug: one line for each step, with ids and
 * times and without content. A hash of the message's id decides which messages these are, so all
 * nodes choose the same ones. A message with a trace is written too.
 *
 * <p>Thread-safe. If the level is off, a question to {@link #picks} costs one comparison. {@link
 * LogLimiter} bounds the lines.
 */
public final class MessageLog {
  /** The logger, for its level. */
  public static final String LOGGER = "parley.messages";

  /** Writes nothing. */
  public static final MessageLog OFF = new MessageLog(0);

  private static final Logger LOG = LoggerFactory.getLogger(LOGGER);

  /** The steps of a message, in their order. */
  public enum Step {
    /** It got its number and waits to be written. */
    ACCEPTED,
    /** It is in the journal. */
    PERSISTED,
    /** Its sender's session has answered {@code sent}. The time counts from its frame. */
    SENT,
    /** The users of the members were told. */
    DISPATCHED,
    /** It was handed to a recipient's socket. */
    DELIVERED,
    /** A push provider has answered about it. */
    PUSHED;

    private final String event = "message_" + name().toLowerCase(java.util.Locale.ROOT);
  }

  private final int oneIn;

  /**
   * Creates the log.
   *
   * @param oneIn of how many messages one is written; 0 for none, 1 for each
   */
  public MessageLog(int oneIn) {
    this.oneIn = oneIn;
  }

  /** Whether lines are written at all. */
  public boolean isOn() {
    return oneIn > 0 && LOG.isDebugEnabled();
  }

  /**
   * Whether lines of this message are to be written.
   *
   * @param trace the trace of the message, see {@link Tracing}; null if it has none
   */
  public boolean picks(String messageId, @Nullable String trace) {
    return isOn() && (trace != null || isChosen(messageId, oneIn));
  }

  /** Whether the hash of this id is chosen. The same on every node and in every version. */
  static boolean isChosen(String messageId, int oneIn) {
    // Ids of one millisecond differ in their last sign only: mixed, so that their hashes do not.
    int hash = messageId.hashCode() * 0x9E3779B9;
    return Math.floorMod(hash ^ (hash >>> 15), oneIn) == 0;
  }

  /**
   * Begins a line about a message. The caller adds values and ends it with {@link Line#write}. Only
   * call this if {@link #picks} says so.
   */
  public Line line(Step step, String conversationId, long seq, String messageId) {
    return new Line(step, conversationId, seq, messageId);
  }

  /** A line that is being made. */
  public static final class Line {
    private LoggingEventBuilder builder;
    private final Step step;

    private final StringBuilder text = new StringBuilder();

    private Line(Step step, String conversationId, long seq, String messageId) {
      this.step = step;
      builder =
          LOG.atDebug()
              .addKeyValue(LogEvents.EVENT, step.event)
              .addKeyValue("conversation_id", conversationId)
              .addKeyValue("seq", seq)
              .addKeyValue("message_id", messageId);
      text.append(conversationId).append(' ').append(seq).append(' ').append(messageId);
    }

    /** Adds whose the step is: the sender, or the recipient. */
    public Line user(String userId) {
      return with("user_id", userId);
    }

    /** Adds how long it took, in milliseconds. */
    public Line latencyMillis(long millis) {
      return with("latency_ms", Math.max(0, millis));
    }

    /** Adds the trace, if there is one. */
    public Line trace(@Nullable String trace) {
      String id = Traceparent.traceId(trace);
      return id == null ? this : with("trace_id", id);
    }

    /** Adds a value; never a content or a name. */
    public Line with(String key, Object value) {
      builder = builder.addKeyValue(key, value);
      text.append(' ').append(key).append('=').append(value);
      return this;
    }

    /** Writes the line. */
    public void write() {
      builder.log("{} {}", step.event, text);
    }
  }
}
