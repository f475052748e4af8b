package parley.conversation;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import parley.bench.bill.StoredBytes;
import parley.client.DynamoLocal;
import parley.model.ConversationId;
import parley.store.DynamoStore;

/**
 * Measurement, by hand: what messages of a conversation store on the stand-in for DynamoDB while
 * they are hot. Each message is an event of its own, with a text of 100 bytes.
 *
 * <p>Argument: messages.
 */
final class BytesOfAMessage {
  private BytesOfAMessage() {}

  /** Prints a line for each kind of row. */
  public static void main(String[] args) throws Exception {
    int messages = Integer.parseInt(args[0]);
    String prefix = DynamoLocal.prefix();
    try (DynamoStore store = DynamoStore.open(DynamoLocal.endpoint(), prefix, true)) {
      Config config = store.config().withFallback(ConfigFactory.load()).resolve();
      ConversationId id = ConversationId.direct(ConversationHarness.ANN, ConversationHarness.BOB);
      try (ConversationHarness h = new ConversationHarness(id, config, store.readJournal())) {
        h.settings(ConversationSettings.standard(store.readJournal(), false));
        h.opening(ConversationHarness.ANN, ConversationHarness.BOB, "first");
        for (int i = 1; i < messages; i++) {
          h.text(ConversationHarness.ANN, "client-message-" + i, "0123456789".repeat(10));
        }
      }
    }
    StoredBytes.of(DynamoLocal.endpoint(), prefix)
        .forEach(
            (row, sum) ->
                System.out.printf(
                    "%d messages: %s: %d items, %d bytes, %.1f bytes a message%n",
                    messages, row, sum.items(), sum.bytes(), (double) sum.bytes() / messages));
    System.exit(0);
  }
}
