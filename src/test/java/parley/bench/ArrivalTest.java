package parley.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.FrameText;
import parley.bench.engine.JsonScanner;
import parley.bench.engine.JsonScanner.Field;
import parley.bench.engine.MessageInFlight;
import parley.bench.engine.MessagesInFlight;
import parley.bench.engine.ReceivedSeqs;
import parley.bench.engine.TokenIssuer;
import parley.bench.engine.VirtualUsers;

class ArrivalTest {
  private final JsonScanner jsonScanner = new JsonScanner();

  private JsonScanner read(String frame) {
    byte[] bytes = ("xx" + frame + "yy").getBytes(UTF_8);
    return jsonScanner.read(bytes, 2, bytes.length - 2);
  }

  @Test
  void onlyTopLevelFieldsAreFound() {
    read(
        "{\"op\":\"message\", \"x\":{\"seq\":9,\"y\":[1,{\"z\":\"}\\\"]\"}]},\"seq\":4711,\"content\":\"a \\\"op\\\":\\\"b\\\\\",\"last\":true}");
    assertThat(jsonScanner.is(Field.OP, FrameText.ascii("message"))).isTrue();
    assertThat(jsonScanner.number(Field.SEQ)).isEqualTo(4711);
    assertThat(jsonScanner.text(Field.CONTENT)).isEqualTo("a \\\"op\\\":\\\"b\\\\");
    assertThat(jsonScanner.has(Field.ID)).isFalse();
    assertThat(jsonScanner.number(Field.ID)).isEqualTo(-1);
    assertThat(jsonScanner.text(Field.CODE)).isEmpty();
  }

  @Test
  void entriesAreCounted() {
    read("{\"entries\":[{\"a\":{}},{\"b\":[{}]},{}],\"tier\":\"hot\"}");
    assertThat(jsonScanner.entries()).isEqualTo(3);
    assertThat(jsonScanner.text(Field.TIER)).isEqualTo("hot");
    assertThat(read("{\"entries\":[]}").entries()).isZero();
    assertThat(read("{}").entries()).isZero();
  }

  @Test
  void textThatIsNotAnObjectIsRejected() {
    for (String bad : List.of("", "[]", "{\"a\":1", "{\"a\":\"b}", "{\"a\" 1}")) {
      assertThatThrownBy(() -> read(bad)).as(bad).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void numbersAreWrittenAsDigits() {
    FrameText frameText =
        new FrameText().add("n").add(0L).add(9_070L).hex(0xbeefL, 8).base32(31 * 32, 3);
    assertThat(frameText).hasToString("n090700000beef0Z0");
    assertThat(FrameText.parseHex(frameText.bytes(), 6, 8)).isEqualTo(0xbeef);
  }

  /**
   * Entries arrive in random order, each with a duplicate. The acknowledged seq never passes a
   * missing entry.
   */
  @Test
  void theAcknowledgedSeqStopsBeforeTheFirstMissingEntry() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      ReceivedSeqs receivedSeqs = new ReceivedSeqs(new BenchConversation("c"), 0);
      List<Long> seqs = new ArrayList<>();
      for (long seq = 1; seq <= 50; seq++) {
        seqs.add(seq);
      }
      Collections.shuffle(seqs, random);
      List<Long> received = new ArrayList<>();
      for (long seq : seqs) {
        assertThat(receivedSeqs.add(seq)).as("seed %s", seed).isTrue();
        received.add(seq);
        long upTo = 0;
        while (received.contains(upTo + 1)) {
          upTo++;
        }
        assertThat(receivedSeqs.upTo()).as("seed %s", seed).isEqualTo(upTo);
        assertThat(receivedSeqs.add(received.get(random.nextInt(received.size()))))
            .as("seed %s", seed)
            .isFalse();
      }
      assertThat(receivedSeqs.duplicates()).isEqualTo(50);
      assertThat(receivedSeqs.unacknowledged()).isEqualTo(50);
      assertThat(receivedSeqs.acknowledge()).isEqualTo(50);
      assertThat(receivedSeqs.hasUnacknowledged()).isFalse();
    }
  }

  @Test
  void theRingOfMessagesInFlightGrows() throws IOException {
    try (TokenIssuer tokenIssuer = new TokenIssuer(0);
        VirtualUsers users =
            new VirtualUsers(
                List.of(URI.create("http://127.0.0.1:1")), tokenIssuer, 200, Duration.ZERO)) {
      BenchDevice device = users.create(1).get(0);
      MessagesInFlight messagesInFlight = new MessagesInFlight();
      List<MessageInFlight> messages = new ArrayList<>();
      for (int i = 0; i < 1_000; i++) {
        MessageInFlight message =
            new MessageInFlight(device, null, device, messagesInFlight.nextNumber(), 0, 0, 1);
        messagesInFlight.add(message);
        messages.add(message);
      }
      for (MessageInFlight message : messages) {
        assertThat(messagesInFlight.get(message.number)).isSameAs(message);
        messagesInFlight.remove(message);
        assertThat(messagesInFlight.get(message.number)).isNull();
      }
      assertThat(messagesInFlight.size()).isZero();
      assertThat(messagesInFlight.nextNumber()).isEqualTo(1_000);
    }
  }

  @Test
  void lostAndTwiceStoredMessagesAreCounted() throws IOException {
    try (TokenIssuer tokenIssuer = new TokenIssuer(0);
        VirtualUsers users =
            new VirtualUsers(
                List.of(URI.create("http://127.0.0.1:1")), tokenIssuer, 200, Duration.ZERO)) {
      BenchDevice device = users.create(1).get(0);
      BenchConversation conversation = users.conversation("c");
      arrives(device, "message", 1, "group_created");
      assertThat(users.deliveryTotals().isConsistent()).isTrue();
      conversation.recordStored(2);
      assertThat(users.deliveryTotals().lost()).isEqualTo(1);
      arrives(device, "message", 2, "text");
      assertThat(users.deliveryTotals().isConsistent()).isTrue();
      arrives(device, "message", 3, "text"); // No sender has a "sent" frame for it.
      assertThat(users.deliveryTotals().lost()).isZero();
      assertThat(users.deliveryTotals().storedTwice()).isEqualTo(1);
      assertThat(users.deliveryTotals().isConsistent()).isFalse();
    }
  }

  private static void arrives(BenchDevice device, String op, long seq, String type) {
    byte[] frame =
        "{\"op\":\"%s\",\"conversation_id\":\"c\",\"seq\":%d,\"type\":\"%s\",\"content\":\"P0000000000000000\"}"
            .formatted(op, seq, type)
            .getBytes(UTF_8);
    device.textReceived(frame, 0, frame.length);
  }
}
