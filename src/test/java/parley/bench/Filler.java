package parley.bench;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Fills conversations before something is measured on them. */
final class Filler {
  private Filler() {}

  /**
   * Each sender writes so many messages into the conversation at the same place of the other list.
   *
   * @param window how many of one sender are on their way
   * @param receivers devices of each conversation that are there to take them
   */
  static void fill(
      Crowd crowd, List<Device> senders, List<Conv> convs, int each, int window, int receivers) {
    Map<Device, Integer> left = new HashMap<>();
    crowd.ear(
        new Crowd.Ear() {
          @Override
          public void done(Flight flight, long now) {
            int more = left.getOrDefault(flight.from, 0);
            if (more > 0 && flight.conv != null) {
              left.put(flight.from, more - 1);
              flight.from.send(flight.conv, now, receivers);
            }
          }
        });
    for (int i = 0; i < senders.size(); i++) {
      int first = Math.min(window, each);
      left.put(senders.get(i), each - first);
      for (int n = 0; n < first; n++) {
        senders.get(i).send(convs.get(i), System.nanoTime(), receivers);
      }
    }
    crowd.settle();
  }
}
