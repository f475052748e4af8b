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
import parley.bench.Scan.Field;

class ArrivalTest {
  private final Scan scan = new Scan();

  private Scan read(String frame) {
    byte[] bytes = ("xx" + frame + "yy").getBytes(UTF_8);
    return scan.read(bytes, 2, bytes.length - 2);
  }

  @Test
  void fieldsAreFoundAtTheTopOnly() {
    read(
        "{\"op\":\"message\", \"x\":{\"seq\":9,\"y\":[1,{\"z\":\"}\\\"]\"}]},\"seq\":4711,\"content\":\"a \\\"op\\\":\\\"b\\\\\",\"last\":true}");
    assertThat(scan.is(Field.OP, Text.ascii("message"))).isTrue();
    assertThat(scan.number(Field.SEQ)).isEqualTo(4711);
    assertThat(scan.text(Field.CONTENT)).isEqualTo("a \\\"op\\\":\\\"b\\\\");
    assertThat(scan.has(Field.ID)).isFalse();
    assertThat(scan.number(Field.ID)).isEqualTo(-1);
    assertThat(scan.text(Field.CODE)).isEmpty();
  }

  @Test
  void entriesAreCounted() {
    read("{\"entries\":[{\"a\":{}},{\"b\":[{}]},{}],\"tier\":\"hot\"}");
    assertThat(scan.entries()).isEqualTo(3);
    assertThat(scan.text(Field.TIER)).isEqualTo("hot");
    assertThat(read("{\"entries\":[]}").entries()).isZero();
    assertThat(read("{}").entries()).isZero();
  }

  @Test
  void whatIsNoObjectIsRefused() {
    for (String bad : List.of("", "[]", "{\"a\":1", "{\"a\":\"b}", "{\"a\" 1}")) {
      assertThatThrownBy(() -> read(bad)).as(bad).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void textsAreWrittenAsTheyAreRead() {
    Text text = new Text().add("n").add(0L).add(9_070L).hex(0xbeefL, 8).base32(31 * 32, 3);
    assertThat(text).hasToString("n090700000beef0Z0");
    assertThat(Text.parseHex(text.bytes(), 6, 8)).isEqualTo(0xbeef);
  }

  /** Entries in any order, some of them twice: what is acknowledged never has a hole before it. */
  @Test
  void onlyWhatHasNoHoleIsAcknowledged() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      Track track = new Track(new Conv("c"), 0);
      List<Long> all = new ArrayList<>();
      for (long seq = 1; seq <= 50; seq++) {
        all.add(seq);
      }
      Collections.shuffle(all, random);
      List<Long> had = new ArrayList<>();
      for (long seq : all) {
        assertThat(track.came(seq)).as("seed %s", seed).isTrue();
        had.add(seq);
        long whole = 0;
        while (had.contains(whole + 1)) {
          whole++;
        }
        assertThat(track.upTo()).as("seed %s", seed).isEqualTo(whole);
        assertThat(track.came(had.get(random.nextInt(had.size())))).as("seed %s", seed).isFalse();
      }
      assertThat(track.duplicates()).isEqualTo(50);
      assertThat(track.owed()).isEqualTo(50);
      assertThat(track.acknowledge()).isEqualTo(50);
      assertThat(track.owes()).isFalse();
    }
  }

  @Test
  void aRingOfFlightsGrowsAndForgets() throws IOException {
    try (Tokens tokens = new Tokens(0);
        Crowd crowd =
            new Crowd(List.of(URI.create("http://127.0.0.1:1")), tokens, 200, Duration.ZERO)) {
      Device device = crowd.users(1).get(0);
      Flights flights = new Flights();
      List<Flight> all = new ArrayList<>();
      for (int i = 0; i < 1_000; i++) {
        Flight flight = new Flight(device, null, device, flights.next(), 0, 0, 1);
        flights.add(flight);
        all.add(flight);
      }
      for (Flight flight : all) {
        assertThat(flights.get(flight.number)).isSameAs(flight);
        flights.remove(flight);
        assertThat(flights.get(flight.number)).isNull();
      }
      assertThat(flights.size()).isZero();
      assertThat(flights.next()).isEqualTo(1_000);
    }
  }

  @Test
  void lostAndDoubledMessagesAreCounted() throws IOException {
    try (Tokens tokens = new Tokens(0);
        Crowd crowd =
            new Crowd(List.of(URI.create("http://127.0.0.1:1")), tokens, 200, Duration.ZERO)) {
      Device device = crowd.users(1).get(0);
      Conv conv = crowd.conv("c");
      arrives(device, "message", 1, "group_created");
      assertThat(crowd.account().clean()).isTrue();
      conv.stored(2);
      assertThat(crowd.account().lost()).isEqualTo(1);
      arrives(device, "message", 2, "text");
      assertThat(crowd.account().clean()).isTrue();
      arrives(device, "message", 3, "text"); // Nobody was told that it is stored.
      assertThat(crowd.account().lost()).isZero();
      assertThat(crowd.account().doubled()).isEqualTo(1);
      assertThat(crowd.account().clean()).isFalse();
    }
  }

  private static void arrives(Device device, String op, long seq, String type) {
    byte[] frame =
        "{\"op\":\"%s\",\"conversation_id\":\"c\",\"seq\":%d,\"type\":\"%s\",\"content\":\"P0000000000000000\"}"
            .formatted(op, seq, type)
            .getBytes(UTF_8);
    device.text(frame, 0, frame.length);
  }
}
