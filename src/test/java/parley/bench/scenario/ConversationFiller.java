package parley.bench.scenario;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.MessageInFlight;
import parley.bench.engine.VirtualUsers;

/** Fills conversations with messages before a measurement. */
final class ConversationFiller {
  private ConversationFiller() {}

  /**
   * Lets each sender write messages into its conversation, and waits for their delivery.
   *
   * @param conversations the conversation of each sender, in the same order
   * @param each messages for each sender
   * @param window messages of one sender in flight
   * @param receivers connected receivers of each conversation
   */
  static void fill(
      VirtualUsers users,
      List<BenchDevice> senders,
      List<BenchConversation> conversations,
      int each,
      int window,
      int receivers) {
    Map<BenchDevice, Integer> left = new HashMap<>();
    users.listener(
        new VirtualUsers.MessageListener() {
          @Override
          public void completed(MessageInFlight message, long now) {
            int more = left.getOrDefault(message.from, 0);
            if (more > 0 && message.conversation != null) {
              left.put(message.from, more - 1);
              message.from.send(message.conversation, now, receivers);
            }
          }
        });
    for (int i = 0; i < senders.size(); i++) {
      int first = Math.min(window, each);
      left.put(senders.get(i), each - first);
      for (int n = 0; n < first; n++) {
        senders.get(i).send(conversations.get(i), System.nanoTime(), receivers);
      }
    }
    users.awaitInFlight();
  }
}
