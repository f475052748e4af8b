package parley.bench.engine;

import org.jspecify.annotations.Nullable;

/** A message that was sent but is not yet stored and delivered to all receivers. */
public final class MessageInFlight {
  public final BenchDevice from;

  /** The conversation; null for a first message to a user, which creates the conversation. */
  public final @Nullable BenchConversation conversation;

  /** The receiver, if the conversation is not known yet. */
  final @Nullable BenchDevice to;

  /** The number of the message among those of its sender. */
  public final int number;

  /** When the message should have been sent, from {@link System#nanoTime}. */
  public final long intended;

  /** Unix milliseconds, for the client's message id. */
  final long unixMillis;

  private int missingReceivers;
  private boolean stored;

  public MessageInFlight(
      BenchDevice from,
      @Nullable BenchConversation conversation,
      @Nullable BenchDevice to,
      int number,
      long intended,
      long unixMillis,
      int receivers) {
    this.from = from;
    this.conversation = conversation;
    this.to = to;
    this.number = number;
    this.intended = intended;
    this.unixMillis = unixMillis;
    this.missingReceivers = receivers;
  }

  /** Records a delivery to one more receiver. */
  void markDelivered() {
    missingReceivers--;
  }

  /** Records that the sender has {@code sent}. */
  void markStored() {
    stored = true;
  }

  boolean isStored() {
    return stored;
  }

  /** Whether the message is stored and delivered to all receivers. */
  boolean isComplete() {
    return stored && missingReceivers <= 0;
  }
}
