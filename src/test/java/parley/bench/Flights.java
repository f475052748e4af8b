package parley.bench;

import org.jspecify.annotations.Nullable;

/**
 * The messages of one sender that are on their way, by their numbers, which grow by one. A ring
 * that grows where the oldest takes long.
 */
final class Flights {
  private @Nullable Flight[] ring = new Flight[16];
  private int next;
  private int size;

  /** The number of the message that is sent next. */
  int next() {
    return next;
  }

  /** How many are on their way. */
  int size() {
    return size;
  }

  void add(Flight flight) {
    while (ring[slot(flight.number, ring.length)] != null) {
      grow();
    }
    ring[slot(flight.number, ring.length)] = flight;
    next = flight.number + 1;
    size++;
  }

  /** The message of that number, or null where it is done or was never sent. */
  @Nullable Flight get(int number) {
    Flight found = ring[slot(number, ring.length)];
    return found != null && found.number == number ? found : null;
  }

  void remove(Flight flight) {
    ring[slot(flight.number, ring.length)] = null;
    size--;
  }

  private void grow() {
    @Nullable Flight[] larger = new Flight[ring.length * 2];
    for (Flight flight : ring) {
      if (flight != null) {
        larger[slot(flight.number, larger.length)] = flight;
      }
    }
    ring = larger;
  }

  private static int slot(int number, int length) {
    return number & (length - 1);
  }
}
