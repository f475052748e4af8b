package parley.bench.engine;

import org.jspecify.annotations.Nullable;

/**
 * The messages of one sender that are in flight, by consecutive number: a ring buffer that grows if
 * its oldest message takes long.
 */
public final class MessagesInFlight {
  private @Nullable MessageInFlight[] ring = new MessageInFlight[16];
  private int nextNumber;
  private int size;

  /** The number of the next message. */
  public int nextNumber() {
    return nextNumber;
  }

  public int size() {
    return size;
  }

  public void add(MessageInFlight message) {
    while (ring[slot(message.number, ring.length)] != null) {
      grow();
    }
    ring[slot(message.number, ring.length)] = message;
    nextNumber = message.number + 1;
    size++;
  }

  /** The message with this number; null if it is complete or was never sent. */
  public @Nullable MessageInFlight get(int number) {
    MessageInFlight found = ring[slot(number, ring.length)];
    return found != null && found.number == number ? found : null;
  }

  public void remove(MessageInFlight message) {
    ring[slot(message.number, ring.length)] = null;
    size--;
  }

  private void grow() {
    @Nullable MessageInFlight[] larger = new MessageInFlight[ring.length * 2];
    for (MessageInFlight message : ring) {
      if (message != null) {
        larger[slot(message.number, larger.length)] = message;
      }
    }
    ring = larger;
  }

  private static int slot(int number, int length) {
    return number & (length - 1);
  }
}
