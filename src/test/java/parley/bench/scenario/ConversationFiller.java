package parley.bench.scenario;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.Crowd;
import parley.bench.engine.MessageInFlight;

/** Fills conversations before a measurement. */
final class ConversationFiller {
  private ConversationFiller() {}

  /**
   * Each sender writes so many messages into the conversation at the same place of the other list.
   *
   * @param window how many of one sender are on their way
   * @param receivers devices of each conversation that are there to take them
   */
  static void fill(
      Crowd crowd,
      List<BenchDevice> senders,
      List<BenchConversation> convs,
      int each,
      int window,
      int receivers) {
    Map<BenchDevice, Integer> left = new HashMap<>();
    crowd.ear(
        new Crowd.Ear() {
          @Override
          public void done(MessageInFlight messageInFlight, long now) {
            int more = left.getOrDefault(messageInFlight.from, 0);
            if (more > 0 && messageInFlight.benchConversation != null) {
              left.put(messageInFlight.from, more - 1);
              messageInFlight.from.send(messageInFlight.benchConversation, now, receivers);
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
