package parley.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import parley.client.RawSocket;
import parley.websocket.FrameDecoder.Broken;
import parley.websocket.FrameDecoder.Ping;
import parley.websocket.FrameDecoder.Signal;
import parley.websocket.FrameDecoder.Text;

class FrameDecoderTest {
  private static final int MOST = 70_000;

  private final FrameDecoder decoder = new FrameDecoder(MOST);

  private List<Object> feed(ByteString... all) {
    List<Object> events = new ArrayList<>();
    for (ByteString bytes : all) {
      feed(bytes.toArray(), events);
    }
    return events;
  }

  private void feed(byte[] bytes, List<Object> events) {
    byte[] before = bytes.clone();
    decoder.feed(bytes);
    for (var event = decoder.next(); event != null; event = decoder.next()) {
      events.add(
          event instanceof Ping ping
              ? "ping " + new String(ping.payload(), StandardCharsets.UTF_8)
              : event);
    }
    assertThat(bytes).isEqualTo(before);
  }

  private static ByteString raw(int... bytes) {
    byte[] all = new byte[bytes.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) bytes[i];
    }
    return ByteString.fromArray(all);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 8, 9, 125, 126, 127, 65_535, 65_536, MOST})
  void lengths(int length) {
    String text = "x".repeat(length);
    assertThat(feed(ClientBytes.text(text), ClientBytes.text("y")))
        .containsExactly(new Text(text), new Text("y"));
  }

  @Test
  void theStandardsOwnExample() {
    // RFC 6455, section 5.7: a masked "Hello".
    assertThat(feed(raw(0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58)))
        .containsExactly(new Text("Hello"));
  }

  @Test
  void aMessageInFramesWithControlFramesBetween() {
    assertThat(
            feed(
                ClientBytes.frame(false, RawSocket.TEXT, "one "),
                ClientBytes.frame(true, RawSocket.PING, "here?"),
                ClientBytes.frame(false, RawSocket.CONTINUATION, ""),
                ClientBytes.frame(true, RawSocket.PONG, ""),
                ClientBytes.frame(true, RawSocket.CONTINUATION, "two"),
                ClientBytes.frame(true, RawSocket.BINARY, "12"),
                ClientBytes.text("three")))
        .containsExactly(
            "ping here?", Signal.PONG, new Text("one two"), Signal.BINARY, new Text("three"));
  }

  @Test
  void aCharacterMayBeCutByFrames() {
    byte[] euro = "€".getBytes(StandardCharsets.UTF_8);
    assertThat(
            feed(
                ClientBytes.frame(false, RawSocket.TEXT, Arrays.copyOf(euro, 1)),
                ClientBytes.frame(true, RawSocket.CONTINUATION, Arrays.copyOfRange(euro, 1, 3))))
        .containsExactly(new Text("€"));
  }

  @Test
  void theCharacterForWhatIsNotUtf8MayStandInAText() {
    assertThat(feed(ClientBytes.text("a\uFFFDb"))).containsExactly(new Text("a\uFFFDb"));
  }

  @Test
  void aTextFrameThatIsNotUtf8IsRejected() {
    byte[][] wrong = {
      {(byte) 0xff},
      {'a', (byte) 0xc3},
      {(byte) 0xed, (byte) 0xa0, (byte) 0x80},
      {(byte) 0xc0, (byte) 0x80}
    };
    for (byte[] payload : wrong) {
      var fresh = new FrameDecoder(MOST);
      fresh.feed(ClientBytes.frame(true, RawSocket.TEXT, payload).toArray());
      assertThat(fresh.next()).isEqualTo(new Broken(CloseStatus.INVALID_DATA));
      fresh.feed(ClientBytes.text("more").toArray());
      assertThat(fresh.next()).isNull();
    }
  }

  @Test
  void aTooLargeFrameIsReportedOnceAndSkipped() {
    assertThat(
            feed(
                ClientBytes.frame(false, RawSocket.TEXT, "x".repeat(MOST)),
                ClientBytes.frame(false, RawSocket.CONTINUATION, "x"),
                ClientBytes.frame(true, RawSocket.CONTINUATION, "x".repeat(MOST)),
                ClientBytes.text("more"),
                ClientBytes.frame(true, RawSocket.BINARY, "x".repeat(MOST + 1)),
                ClientBytes.frame(true, RawSocket.CLOSE, "")))
        .containsExactly(Signal.TOO_LARGE, Signal.CLOSE);
  }

  @Test
  void aTooLargeFrameIsReportedByItsHeader() {
    assertThat(feed(ByteString.fromArray(ClientBytes.header(0x81, Long.MAX_VALUE, true))))
        .containsExactly(Signal.TOO_LARGE);
    assertThat(feed(ClientBytes.text("of the large one"))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {RawSocket.TEXT, RawSocket.BINARY})
  void theRestOfAMessageCannotBeAnyLength(int opcode) {
    assertThat(
            feed(
                ClientBytes.frame(false, opcode, "a"),
                ByteString.fromArray(ClientBytes.header(0x80, Long.MAX_VALUE, true)),
                ClientBytes.text("of the large one")))
        .containsExactly(Signal.TOO_LARGE);
  }

  @Test
  void binaryMessagesAreBoundedToo() {
    assertThat(
            feed(
                ClientBytes.frame(false, RawSocket.BINARY, "x".repeat(MOST)),
                ClientBytes.frame(true, RawSocket.CONTINUATION, "x")))
        .containsExactly(Signal.TOO_LARGE);
  }

  @Test
  void invalidFramesAreRejected() {
    ByteString[] wrong = {
      ByteString.fromArray(ClientBytes.header(0x81, 0, false)), // not masked
      ByteString.fromArray(ClientBytes.header(0xc1, 0, true)), // reserved bits
      ByteString.fromArray(ClientBytes.header(0x91, 0, true)),
      ByteString.fromArray(ClientBytes.header(0x83, 0, true)), // unknown opcodes
      ByteString.fromArray(ClientBytes.header(0x8b, 0, true)),
      ByteString.fromArray(ClientBytes.header(0x80, 0, true)), // nothing to continue
      ByteString.fromArray(ClientBytes.header(0x89, 126, true)), // a large control frame
      ByteString.fromArray(ClientBytes.header(0x09, 0, true)), // one in parts
      raw(0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4), // a length with its highest bit set
      ClientBytes.frame(false, RawSocket.TEXT, "a")
          .concat(ClientBytes.text("b")), // one message within another
      raw(0x81, 0xfe, 0, 5, 1, 2, 3, 4), // a longer length than it needs
      raw(0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4),
      raw(0x89, 0xfe, 0, 5, 1, 2, 3, 4),
      ClientBytes.frame(true, RawSocket.CLOSE, "x"), // half a code
      ClientBytes.frame(true, RawSocket.CLOSE, new byte[] {3, (byte) 0xed}), // 1005 is never sent
      ClientBytes.frame(true, RawSocket.CLOSE, new byte[] {0, 1}),
      ClientBytes.frame(true, RawSocket.CLOSE, new byte[] {3, (byte) 0xe8, (byte) 0xff}),
    };
    for (ByteString bytes : wrong) {
      var fresh = new FrameDecoder(MOST);
      fresh.feed(bytes.concat(ClientBytes.text("more")).toArray());
      assertThat(fresh.next()).as("%s", bytes).isEqualTo(new Broken(CloseStatus.PROTOCOL_ERROR));
      assertThat(fresh.next()).isNull();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1000, 1001, 1003, 1011, 3000, 4999})
  void goodbyes(int code) {
    byte[] payload = {(byte) (code >>> 8), (byte) code, 'b', 'y', 'e'};
    assertThat(feed(ClientBytes.frame(true, RawSocket.CLOSE, payload), ClientBytes.text("late")))
        .containsExactly(Signal.CLOSE);
  }

  /** However the bytes are cut, and whatever stands between them. */
  @Test
  void anyCutsGiveTheSame() {
    long seed = Long.getLong("parley.seed", System.nanoTime());
    System.out.println("parley.seed=" + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      var bytes = new ByteArrayOutputStream();
      List<Object> expected = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        write(random, bytes, expected);
      }
      FrameDecoder fresh = new FrameDecoder(MOST);
      List<Object> events = new ArrayList<>();
      byte[] all = bytes.toByteArray();
      for (int at = 0; at < all.length; ) {
        int to = Math.min(all.length, at + 1 + random.nextInt(random.nextBoolean() ? 5 : 3_000));
        fresh.feed(Arrays.copyOfRange(all, at, to));
        for (var event = fresh.next(); event != null; event = fresh.next()) {
          events.add(
              event instanceof Ping ping
                  ? "ping " + new String(ping.payload(), StandardCharsets.UTF_8)
                  : event);
        }
        at = to;
      }
      assertThat(events).isEqualTo(expected);
    }
  }

  private static void write(Random random, ByteArrayOutputStream bytes, List<Object> expected) {
    StringBuilder text = new StringBuilder();
    int frames = 1 + random.nextInt(3);
    for (int f = 0; f < frames; f++) {
      String part =
          (random.nextInt(3) == 0 ? "ä😀" : "x")
              .repeat(random.nextInt(random.nextBoolean() ? 20 : 700));
      text.append(part);
      bytes.writeBytes(
          ClientBytes.frame(f == frames - 1, f == 0 ? RawSocket.TEXT : RawSocket.CONTINUATION, part)
              .toArray());
      if (f < frames - 1 && random.nextBoolean()) {
        String payload = Long.toString(random.nextLong(), 36).repeat(random.nextInt(9));
        bytes.writeBytes(ClientBytes.frame(true, RawSocket.PING, payload).toArray());
        expected.add("ping " + payload);
      }
    }
    expected.add(new Text(text.toString()));
  }
}
