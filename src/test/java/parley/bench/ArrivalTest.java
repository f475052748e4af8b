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
import parley.bench.engine.Crowd;
import parley.bench.engine.FrameText;
import parley.bench.engine.JsonScanner;
import parley.bench.engine.JsonScanner.Field;
import parley.bench.engine.MessageInFlight;
import parley.bench.engine.MessagesInFlight;
import parley.bench.engine.ReceivedSeqs;
import parley.bench.engine.TokenIssuer;

class ArrivalTest {
  private final JsonScanner jsonScanner = new JsonScanner();

  private JsonScanner read(String frame) {
    byte[] bytes = ("xx" + frame + "yy").getBytes(UTF_8);
    return jsonScanner.read(bytes, 2, bytes.length - 2);
  }

  @Test
  void fieldsAreFoundAtTheTopOnly() {
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
  void aLineThatIsNoObjectIsRejected() {
    for (String bad : List.of("", "[]", "{\"a\":1", "{\"a\":\"b}", "{\"a\" 1}")) {
      assertThatThrownBy(() -> read(bad)).as(bad).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void textsAreWrittenAsTheyAreRead() {
    FrameText frameText =
        new FrameText().add("n").add(0L).add(9_070L).hex(0xbeefL, 8).base32(31 * 32, 3);
    assertThat(frameText).hasToString("n090700000beef0Z0");
    assertThat(FrameText.parseHex(frameText.bytes(), 6, 8)).isEqualTo(0xbeef);
  }

  /** Entries in any order, some of them twice: what is acknowledged never has a hole before it. */
  @Test
  void onlyWhatHasNoHoleIsAcknowledged() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      ReceivedSeqs receivedSeqs = new ReceivedSeqs(new BenchConversation("c"), 0);
      List<Long> all = new ArrayList<>();
      for (long seq = 1; seq <= 50; seq++) {
        all.add(seq);
      }
      Collections.shuffle(all, random);
      List<Long> had = new ArrayList<>();
      for (long seq : all) {
        assertThat(receivedSeqs.came(seq)).as("seed %s", seed).isTrue();
        had.add(seq);
        long whole = 0;
        while (had.contains(whole + 1)) {
          whole++;
        }
        assertThat(receivedSeqs.upTo()).as("seed %s", seed).isEqualTo(whole);
        assertThat(receivedSeqs.came(had.get(random.nextInt(had.size()))))
            .as("seed %s", seed)
            .isFalse();
      }
      assertThat(receivedSeqs.duplicates()).isEqualTo(50);
      assertThat(receivedSeqs.owed()).isEqualTo(50);
      assertThat(receivedSeqs.acknowledge()).isEqualTo(50);
      assertThat(receivedSeqs.owes()).isFalse();
    }
  }

  @Test
  void aRingOfFlightsGrowsAndForgets() throws IOException {
    try (TokenIssuer tokenIssuer = new TokenIssuer(0);
        Crowd crowd =
            new Crowd(List.of(URI.create("http://127.0.0.1:1")), tokenIssuer, 200, Duration.ZERO)) {
      BenchDevice benchDevice = crowd.users(1).get(0);
      MessagesInFlight messagesInFlight = new MessagesInFlight();
      List<MessageInFlight> all = new ArrayList<>();
      for (int i = 0; i < 1_000; i++) {
        MessageInFlight messageInFlight =
            new MessageInFlight(benchDevice, null, benchDevice, messagesInFlight.next(), 0, 0, 1);
        messagesInFlight.add(messageInFlight);
        all.add(messageInFlight);
      }
      for (MessageInFlight messageInFlight : all) {
        assertThat(messagesInFlight.get(messageInFlight.number)).isSameAs(messageInFlight);
        messagesInFlight.remove(messageInFlight);
        assertThat(messagesInFlight.get(messageInFlight.number)).isNull();
      }
      assertThat(messagesInFlight.size()).isZero();
      assertThat(messagesInFlight.next()).isEqualTo(1_000);
    }
  }

  @Test
  void lostAndDoubledMessagesAreCounted() throws IOException {
    try (TokenIssuer tokenIssuer = new TokenIssuer(0);
        Crowd crowd =
            new Crowd(List.of(URI.create("http://127.0.0.1:1")), tokenIssuer, 200, Duration.ZERO)) {
      BenchDevice benchDevice = crowd.users(1).get(0);
      BenchConversation benchConversation = crowd.conv("c");
      arrives(benchDevice, "message", 1, "group_created");
      assertThat(crowd.account().clean()).isTrue();
      benchConversation.stored(2);
      assertThat(crowd.account().lost()).isEqualTo(1);
      arrives(benchDevice, "message", 2, "text");
      assertThat(crowd.account().clean()).isTrue();
      arrives(benchDevice, "message", 3, "text"); // Nobody was told that it is stored.
      assertThat(crowd.account().lost()).isZero();
      assertThat(crowd.account().doubled()).isEqualTo(1);
      assertThat(crowd.account().clean()).isFalse();
    }
  }

  private static void arrives(BenchDevice benchDevice, String op, long seq, String type) {
    byte[] frame =
        "{\"op\":\"%s\",\"conversation_id\":\"c\",\"seq\":%d,\"type\":\"%s\",\"content\":\"P0000000000000000\"}"
            .formatted(op, seq, type)
            .getBytes(UTF_8);
    benchDevice.text(frame, 0, frame.length);
  }
}
