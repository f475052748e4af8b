package parley.bench.engine;

import org.jspecify.annotations.Nullable;

/**
 * The messages of one sender that are in flight, by their consecutive numbers: a ring that grows if
 * the oldest one takes long.
 */
public final class MessagesInFlight {
  private @Nullable MessageInFlight[] ring = new MessageInFlight[16];
  private int next;
  private int size;

  /** The number of the message that is sent next. */
  public int next() {
    return next;
  }

  /** How many are on their way. */
  public int size() {
    return size;
  }

  public void add(MessageInFlight messageInFlight) {
    while (ring[slot(messageInFlight.number, ring.length)] != null) {
      grow();
    }
    ring[slot(messageInFlight.number, ring.length)] = messageInFlight;
    next = messageInFlight.number + 1;
    size++;
  }

  /** The message of that number, or null where it is done or was never sent. */
  public @Nullable MessageInFlight get(int number) {
    MessageInFlight found = ring[slot(number, ring.length)];
    return found != null && found.number == number ? found : null;
  }

  public void remove(MessageInFlight messageInFlight) {
    ring[slot(messageInFlight.number, ring.length)] = null;
    size--;
  }

  private void grow() {
    @Nullable MessageInFlight[] larger = new MessageInFlight[ring.length * 2];
    for (MessageInFlight messageInFlight : ring) {
      if (messageInFlight != null) {
        larger[slot(messageInFlight.number, larger.length)] = messageInFlight;
      }
    }
    ring = larger;
  }

  private static int slot(int number, int length) {
    return number & (length - 1);
  }
}
