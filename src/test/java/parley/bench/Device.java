package parley.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import parley.bench.Scan.Field;

/**
 * A user with one device, on one connection at a time: says hello, sends, acknowledges what has no
 * hole before it, and knows what it has over all its connections. All on the {@link Loop}'s thread.
 */
final class Device implements Wire.User {
  private static final byte[] MESSAGE = Text.ascii("message");
  private static final byte[] SENT = Text.ascii("sent");
  private static final byte[] RECEIPT = Text.ascii("receipt");
  private static final byte[] SYNCED = Text.ascii("synced");
  private static final byte[] HISTORY = Text.ascii("history");
  private static final byte[] ERROR = Text.ascii("error");
  private static final byte[] GAP = Text.ascii("gap");
  private static final byte[] CLOSING = Text.ascii("closing");
  private static final byte[] TEXT = Text.ascii("text");
  private static final byte[] PING = Text.ascii("{\"op\":\"ping\"}");

  private static final byte[] SEND_ID = Text.ascii("{\"op\":\"send\",\"id\":");
  private static final byte[] SEND_CONVERSATION = Text.ascii(",\"conversation_id\":\"");
  private static final byte[] SEND_TO = Text.ascii(",\"to\":\"");
  private static final byte[] SEND_KEY = Text.ascii("\",\"client_msg_id\":\"");
  private static final byte[] SEND_CONTENT = Text.ascii("\",\"type\":\"text\",\"content\":\"");
  private static final byte[] ACK = Text.ascii("{\"op\":\"ack\",\"conversation_id\":\"");
  private static final byte[] ACK_SEQ = Text.ascii("\",\"seq\":");

  /** Owed entries at which an acknowledgement does not wait: the web client's number. */
  private static final int MANY = 64;

  private static final long RETRY_MILLIS = 50;

  final int index;
  final String userId;
  final Flights flights = new Flights();

  private final Crowd crowd;
  private final Map<String, Track> tracks = new HashMap<>();
  private final List<Track> owing = new ArrayList<>();
  private @Nullable Wire wire;
  private @Nullable Track last;
  private @Nullable Runnable whenSynced;
  private @Nullable Answer answer;
  private String token = "";
  private long connectingSince;
  private long helloAt;
  private boolean synced;
  private boolean leaving;
  private boolean ackDue;
  private boolean ackTimer;

  /** What came for a question. */
  interface Answer {
    void came(Device device, Scan history);
  }

  Device(Crowd crowd, int index, String userId) {
    this.crowd = crowd;
    this.index = index;
    this.userId = userId;
  }

  /** The token of its next hello. */
  void token(String now) {
    token = now;
  }

  String token() {
    return token;
  }

  /** Connects; {@code then} runs when the server has said {@code synced}. */
  void connect(InetSocketAddress to, @Nullable InetSocketAddress from, Runnable then) {
    synced = false;
    leaving = false;
    whenSynced = then;
    connectingSince = System.nanoTime();
    try {
      wire = Wire.connect(crowd.loop, this, to, from);
    } catch (IOException e) {
      crowd.fail("no connection: " + e);
    }
  }

  /** Goes, without a word. */
  void leave() {
    leaving = true;
    Wire now = wire;
    if (now != null) {
      now.close();
    }
  }

  boolean synced() {
    return synced;
  }

  long connectingSince() {
    return connectingSince;
  }

  /** When hello left, of {@link System#nanoTime}. */
  long helloAt() {
    return helloAt;
  }

  // ---- out

  /** A message to a conversation, counted as sent at {@code intended}. */
  Flight send(Conv conv, long intended, int receivers) {
    return fly(new Flight(this, conv, null, flights.next(), intended, crowd.millis(), receivers));
  }

  /** A message to a user, which makes the conversation if need be. */
  Flight sendTo(Device to, long intended) {
    return fly(new Flight(this, null, to, flights.next(), intended, crowd.millis(), 1));
  }

  private Flight fly(Flight flight) {
    flights.add(flight);
    crowd.onItsWay(1);
    write(flight);
    return flight;
  }

  private void write(Flight flight) {
    Text text = crowd.text.clear();
    text.add(SEND_ID).add(flight.number);
    if (flight.conv != null) {
      text.add(SEND_CONVERSATION).add(flight.conv.id);
    } else {
      text.add(SEND_TO).add(Objects.requireNonNull(flight.to).userId);
    }
    // A ULID: its time, then what grows.
    text.add(SEND_KEY).base32(flight.millis, 10).base32(flight.number, 8).base32(index, 8);
    int before = text.add(SEND_CONTENT).length();
    text.add("P").hex(index, 8).hex(flight.number, 8);
    int rest = crowd.bytes - (text.length() - before);
    text.prose(31 * index + 7 * flight.number, rest).add("\"}");
    wire().text(text);
  }

  /** Asks for a page; what comes goes to {@code then}. */
  void history(Conv conv, long before, int limit, Answer then) {
    answer = then;
    Text text = crowd.text.clear();
    text.add("{\"op\":\"history\",\"id\":1,\"conversation_id\":\"").add(conv.id);
    text.add("\",\"limit\":").add(limit);
    if (before > 0) {
      text.add(",\"before\":").add(before);
    }
    wire().text(text.add("}"));
  }

  void ping() {
    if (synced) {
      wire().text(PING);
    }
  }

  private Wire wire() {
    return Objects.requireNonNull(wire);
  }

  // ---- in

  @Override
  public void opened() {
    Text text = crowd.text.clear();
    text.add("{\"op\":\"hello\",\"id\":1,\"token\":\"").add(token);
    text.add("\",\"device_id\":\"d").add(index).add("\",\"client\":\"parley-bench/1\"}");
    helloAt = System.nanoTime();
    wire().text(text);
  }

  @Override
  public void text(byte[] bytes, int start, int end) {
    Scan scan = crowd.scan.read(bytes, start, end);
    if (scan.is(Field.OP, MESSAGE)) {
      message(scan);
    } else if (scan.is(Field.OP, SENT)) {
      sent(scan);
    } else if (scan.is(Field.OP, RECEIPT)) {
      crowd.receipts++;
    } else if (scan.is(Field.OP, HISTORY)) {
      Objects.requireNonNull(answer).came(this, scan);
    } else if (scan.is(Field.OP, SYNCED)) {
      synced = true;
      Runnable then = Objects.requireNonNull(whenSynced);
      whenSynced = null;
      then.run();
    } else if (scan.is(Field.OP, ERROR)) {
      error(scan);
    } else if (scan.is(Field.OP, GAP)) {
      crowd.fail("a gap up to " + scan.number(Field.TO_SEQ) + ": " + scan.text(Field.REASON));
    } else if (scan.is(Field.OP, CLOSING)) {
      crowd.fail("closing: " + scan.text(Field.CODE) + ", " + scan.text(Field.REASON));
    }
  }

  private void message(Scan scan) {
    Track track = track(scan);
    long seq = scan.number(Field.SEQ);
    if (!came(track, seq)) {
      return;
    }
    if (!scan.is(Field.TYPE, TEXT)) {
      track.conv.other(seq);
      return;
    }
    track.conv.arrived(seq);
    int content = scan.start(Field.CONTENT);
    int from = (int) Text.parseHex(scan.bytes(), content + 1, 8);
    int number = (int) Text.parseHex(scan.bytes(), content + 9, 8);
    Flight flight = crowd.device(from).flights.get(number);
    long now = System.nanoTime();
    crowd.delivered++;
    if (flight != null) {
      flight.delivered();
      crowd.ear().delivered(flight, this, now);
      finish(flight, now);
    } else {
      crowd.ear().replayed(this, now);
    }
  }

  private void sent(Scan scan) {
    Track track = track(scan);
    long seq = scan.number(Field.SEQ);
    Flight flight = flights.get((int) scan.number(Field.ID));
    came(track, seq);
    if (flight == null || flight.isAnswered()) {
      return;
    }
    track.conv.stored(seq);
    flight.answered();
    long now = System.nanoTime();
    crowd.ear().stored(flight, track.conv, now);
    finish(flight, now);
  }

  private void finish(Flight flight, long now) {
    if (flight.done()) {
      flight.from.flights.remove(flight);
      crowd.onItsWay(-1);
      crowd.ear().done(flight, now);
    }
  }

  private void error(Scan scan) {
    String code = scan.text(Field.CODE);
    crowd.error(code);
    Flight flight = flights.get((int) scan.number(Field.ID));
    if (flight == null || !scan.text(Field.RETRYABLE).equals("true")) {
      crowd.fail("error: " + code + ", " + scan.text(Field.MESSAGE));
      return;
    }
    long wait = Math.max(RETRY_MILLIS, scan.number(Field.RETRY_AFTER));
    crowd.loop.after(
        Duration.ofMillis(wait),
        () -> {
          if (synced && !flight.isAnswered()) {
            write(flight);
          }
        });
  }

  private boolean came(Track track, long seq) {
    boolean first = track.came(seq);
    if (track.owes() && !track.listed()) {
      track.listed(true);
      owing.add(track);
    }
    if (crowd.ackAfter.isZero() || track.owed() >= MANY) {
      ackDue = true;
    }
    return first;
  }

  private Track track(Scan scan) {
    Track recent = last;
    if (recent != null && scan.is(Field.CONVERSATION, recent.conv.id)) {
      return recent;
    }
    Track found = tracks.computeIfAbsent(scan.text(Field.CONVERSATION), this::begin);
    last = found;
    return found;
  }

  private Track begin(String name) {
    Conv conv = crowd.conv(name);
    conv.members.add(this);
    return new Track(conv, 0);
  }

  /** What it has of that conversation. */
  Track track(Conv conv) {
    Track found = tracks.get(conv.name);
    return found == null ? new Track(conv, 0) : found;
  }

  @Override
  public void drained() {
    if (ackDue) {
      acknowledge();
    } else if (!owing.isEmpty() && !ackTimer) {
      ackTimer = true;
      crowd.loop.after(
          crowd.ackAfter,
          () -> {
            ackTimer = false;
            acknowledge();
          });
    }
  }

  private void acknowledge() {
    ackDue = false;
    boolean greeted = helloAt - connectingSince > 0;
    if (!greeted || (!synced && whenSynced == null)) {
      return; // Gone, or not there yet; it says so with the next entry that comes.
    }
    for (Track track : owing) {
      track.listed(false);
      if (track.owes()) {
        Text text = crowd.text.clear();
        text.add(ACK).add(track.conv.id).add(ACK_SEQ).add(track.acknowledge()).add("}");
        wire().text(text);
        crowd.acks++;
      }
    }
    owing.clear();
  }

  @Override
  public void closed(String why) {
    synced = false;
    if (!leaving) {
      crowd.fail("a connection ended: " + why);
    }
  }
}
