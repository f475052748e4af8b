package parley.bench.engine;

import org.jspecify.annotations.Nullable;

/** A message in flight: sent, and perhaps stored or delivered to some receivers. */
public final class MessageInFlight {
  public final BenchDevice from;

  /** The conversation, or null while the first message to a user makes it. */
  public final @Nullable BenchConversation benchConversation;

  /** The user it is for, where the conversation is not known yet. */
  final @Nullable BenchDevice to;

  /** Its number among those of its sender. */
  public final int number;

  /** When it should have been sent, of {@link System#nanoTime}. */
  public final long intended;

  /** Unix milliseconds, for the id. */
  final long millis;

  private int missing;
  private boolean answered;

  public MessageInFlight(
      BenchDevice from,
      @Nullable BenchConversation benchConversation,
      @Nullable BenchDevice to,
      int number,
      long intended,
      long millis,
      int receivers) {
    this.from = from;
    this.benchConversation = benchConversation;
    this.to = to;
    this.number = number;
    this.intended = intended;
    this.millis = millis;
    this.missing = receivers;
  }

  /** One more has it. */
  void delivered() {
    missing--;
  }

  /** The sender knows that it is stored. */
  void answered() {
    answered = true;
  }

  boolean isAnswered() {
    return answered;
  }

  /** Stored, and with everybody it is for. */
  boolean done() {
    return answered && missing <= 0;
  }
}
