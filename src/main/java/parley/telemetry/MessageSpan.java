package parley.telemetry;

/**
 * One part of the way of a message, which begins with its object and ends with {@link #end}. It is
 * recorded only if it ends. Values are ids and numbers, never content.
 */
public interface MessageSpan {
  /** The context for spans that belong to this one; see {@link Traceparent}. */
  String context();

  /** Adds a text. */
  MessageSpan with(String key, String value);

  /** Adds a number. */
  MessageSpan with(String key, long value);

  /** Marks it as failed, with the code of the error. */
  MessageSpan failed(String code);

  /** Ends it, once; further calls change nothing. */
  void end();
}
