package parley.bench.engine;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import parley.bench.engine.JsonScanner.Field;

/**
 * A user with one device and one connection at a time. It says hello, sends, acknowledges
 * everything up to the first hole, and remembers what it has over all its connections. It runs on
 * the {@link EventLoop}'s thread.
 */
public final class BenchDevice implements BenchSocket.User {
  private static final byte[] MESSAGE = FrameText.ascii("message");
  private static final byte[] SENT = FrameText.ascii("sent");
  private static final byte[] RECEIPT = FrameText.ascii("receipt");
  private static final byte[] SYNCED = FrameText.ascii("synced");
  private static final byte[] HISTORY = FrameText.ascii("history");
  private static final byte[] ERROR = FrameText.ascii("error");
  private static final byte[] GAP = FrameText.ascii("gap");
  private static final byte[] CLOSING = FrameText.ascii("closing");
  private static final byte[] TEXT = FrameText.ascii("text");
  private static final byte[] PING = FrameText.ascii("{\"op\":\"ping\"}");

  private static final byte[] SEND_ID = FrameText.ascii("{\"op\":\"send\",\"id\":");
  private static final byte[] SEND_CONVERSATION = FrameText.ascii(",\"conversation_id\":\"");
  private static final byte[] SEND_TO = FrameText.ascii(",\"to\":\"");
  private static final byte[] SEND_KEY = FrameText.ascii("\",\"client_msg_id\":\"");
  private static final byte[] SEND_CONTENT = FrameText.ascii("\",\"type\":\"text\",\"content\":\"");
  private static final byte[] ACK = FrameText.ascii("{\"op\":\"ack\",\"conversation_id\":\"");
  private static final byte[] READ = FrameText.ascii("{\"op\":\"read\",\"conversation_id\":\"");
  private static final byte[] ACK_SEQ = FrameText.ascii("\",\"seq\":");

  /** Owed entries at which an acknowledgement does not wait: the web client's number. */
  private static final int MANY = 64;

  private static final long RETRY_MILLIS = 50;

  final int index;
  final String userId;
  final MessagesInFlight messagesInFlight = new MessagesInFlight();

  private final Crowd crowd;
  private final Map<String, ReceivedSeqs> tracks = new HashMap<>();
  private final List<ReceivedSeqs> owing = new ArrayList<>();
  private @Nullable BenchSocket benchSocket;
  private @Nullable ReceivedSeqs last;
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
  public interface Answer {
    void came(BenchDevice benchDevice, JsonScanner history);
  }

  BenchDevice(Crowd crowd, int index, String userId) {
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
      benchSocket = BenchSocket.connect(crowd.eventLoop, this, to, from);
    } catch (IOException e) {
      crowd.fail("no connection: " + e);
    }
  }

  /** Disconnects without a close frame. */
  public void leave() {
    leaving = true;
    BenchSocket now = benchSocket;
    if (now != null) {
      now.close();
    }
  }

  public boolean synced() {
    return synced;
  }

  /** Whether a message of this device waits for its {@code sent} or for a receiver. */
  public boolean isSending() {
    return messagesInFlight.size() > 0;
  }

  long connectingSince() {
    return connectingSince;
  }

  /** When hello left, of {@link System#nanoTime}. */
  public long helloAt() {
    return helloAt;
  }

  // ---- out

  /** A message to a conversation, counted as sent at {@code intended}. */
  public MessageInFlight send(BenchConversation benchConversation, long intended, int receivers) {
    return fly(
        new MessageInFlight(
            this,
            benchConversation,
            null,
            messagesInFlight.next(),
            intended,
            crowd.millis(),
            receivers));
  }

  /** A message to a user, which makes the conversation if need be. */
  MessageInFlight sendTo(BenchDevice to, long intended) {
    return fly(
        new MessageInFlight(this, null, to, messagesInFlight.next(), intended, crowd.millis(), 1));
  }

  private MessageInFlight fly(MessageInFlight messageInFlight) {
    messagesInFlight.add(messageInFlight);
    crowd.onItsWay(1);
    write(messageInFlight);
    return messageInFlight;
  }

  private void write(MessageInFlight messageInFlight) {
    FrameText frameText = crowd.frameText.clear();
    frameText.add(SEND_ID).add(messageInFlight.number);
    if (messageInFlight.benchConversation != null) {
      frameText.add(SEND_CONVERSATION).add(messageInFlight.benchConversation.id);
    } else {
      frameText.add(SEND_TO).add(Objects.requireNonNull(messageInFlight.to).userId);
    }
    // A ULID: its time, then what grows.
    frameText
        .add(SEND_KEY)
        .base32(messageInFlight.millis, 10)
        .base32(messageInFlight.number, 8)
        .base32(index, 8);
    int before = frameText.add(SEND_CONTENT).length();
    frameText.add("P").hex(index, 8).hex(messageInFlight.number, 8);
    int rest = crowd.bytes - (frameText.length() - before);
    frameText.prose(31 * index + 7 * messageInFlight.number, rest).add("\"}");
    wire().text(frameText);
  }

  /** Asks for a page; what comes goes to {@code then}. */
  public void history(BenchConversation benchConversation, long before, int limit, Answer then) {
    answer = then;
    FrameText frameText = crowd.frameText.clear();
    frameText.add("{\"op\":\"history\",\"id\":1,\"conversation_id\":\"").add(benchConversation.id);
    frameText.add("\",\"limit\":").add(limit);
    if (before > 0) {
      frameText.add(",\"before\":").add(before);
    }
    wire().text(frameText.add("}"));
  }

  void ping() {
    if (synced) {
      wire().text(PING);
    }
  }

  private BenchSocket wire() {
    return Objects.requireNonNull(benchSocket);
  }

  // ---- in

  @Override
  public void opened() {
    FrameText frameText = crowd.frameText.clear();
    frameText.add("{\"op\":\"hello\",\"id\":1,\"token\":\"").add(token);
    frameText.add("\",\"device_id\":\"d").add(index).add("\",\"client\":\"parley-bench/1\"}");
    helloAt = System.nanoTime();
    wire().text(frameText);
  }

  @Override
  public void text(byte[] bytes, int start, int end) {
    JsonScanner jsonScanner = crowd.jsonScanner.read(bytes, start, end);
    if (jsonScanner.is(Field.OP, MESSAGE)) {
      message(jsonScanner);
    } else if (jsonScanner.is(Field.OP, SENT)) {
      sent(jsonScanner);
    } else if (jsonScanner.is(Field.OP, RECEIPT)) {
      crowd.receipts++;
    } else if (jsonScanner.is(Field.OP, HISTORY)) {
      Objects.requireNonNull(answer).came(this, jsonScanner);
    } else if (jsonScanner.is(Field.OP, SYNCED)) {
      synced = true;
      Runnable then = Objects.requireNonNull(whenSynced);
      whenSynced = null;
      then.run();
    } else if (jsonScanner.is(Field.OP, ERROR)) {
      error(jsonScanner);
    } else if (jsonScanner.is(Field.OP, GAP)) {
      crowd.fail(
          "a gap up to "
              + jsonScanner.number(Field.TO_SEQ)
              + ": "
              + jsonScanner.text(Field.REASON));
    } else if (jsonScanner.is(Field.OP, CLOSING)) {
      crowd.fail(
          "closing: " + jsonScanner.text(Field.CODE) + ", " + jsonScanner.text(Field.REASON));
    }
  }

  private void message(JsonScanner jsonScanner) {
    ReceivedSeqs receivedSeqs = track(jsonScanner);
    long seq = jsonScanner.number(Field.SEQ);
    if (!came(receivedSeqs, seq)) {
      return;
    }
    if (!jsonScanner.is(Field.TYPE, TEXT)) {
      receivedSeqs.benchConversation.other(seq);
      return;
    }
    receivedSeqs.benchConversation.arrived(seq);
    int content = jsonScanner.start(Field.CONTENT);
    int from = (int) FrameText.parseHex(jsonScanner.bytes(), content + 1, 8);
    int number = (int) FrameText.parseHex(jsonScanner.bytes(), content + 9, 8);
    MessageInFlight messageInFlight = crowd.device(from).messagesInFlight.get(number);
    long now = System.nanoTime();
    crowd.delivered++;
    readLater(receivedSeqs);
    if (messageInFlight != null) {
      messageInFlight.delivered();
      crowd.ear().delivered(messageInFlight, this, now);
      finish(messageInFlight, now);
    } else {
      crowd.ear().replayed(this, now);
    }
  }

  private void sent(JsonScanner jsonScanner) {
    ReceivedSeqs receivedSeqs = track(jsonScanner);
    long seq = jsonScanner.number(Field.SEQ);
    MessageInFlight messageInFlight = messagesInFlight.get((int) jsonScanner.number(Field.ID));
    came(receivedSeqs, seq);
    if (messageInFlight == null || messageInFlight.isAnswered()) {
      return;
    }
    receivedSeqs.benchConversation.stored(seq);
    messageInFlight.answered();
    long now = System.nanoTime();
    crowd.ear().stored(messageInFlight, receivedSeqs.benchConversation, now);
    finish(messageInFlight, now);
  }

  private void readLater(ReceivedSeqs receivedSeqs) {
    Duration wait = crowd.readAfter;
    if (wait != null && receivedSeqs.beginReading()) {
      crowd.eventLoop.after(
          wait,
          () -> {
            receivedSeqs.endReading();
            if (synced) {
              FrameText frameText = crowd.frameText.clear();
              frameText.add(READ).add(receivedSeqs.benchConversation.id);
              wire().text(frameText.add(ACK_SEQ).add(receivedSeqs.upTo()).add("}"));
            }
          });
    }
  }

  private void finish(MessageInFlight messageInFlight, long now) {
    if (messageInFlight.done()) {
      messageInFlight.from.messagesInFlight.remove(messageInFlight);
      crowd.onItsWay(-1);
      crowd.ear().done(messageInFlight, now);
    }
  }

  private void error(JsonScanner jsonScanner) {
    String code = jsonScanner.text(Field.CODE);
    crowd.error(code);
    MessageInFlight messageInFlight = messagesInFlight.get((int) jsonScanner.number(Field.ID));
    if (messageInFlight == null || !jsonScanner.text(Field.RETRYABLE).equals("true")) {
      crowd.fail("error: " + code + ", " + jsonScanner.text(Field.MESSAGE));
      return;
    }
    long wait = Math.max(RETRY_MILLIS, jsonScanner.number(Field.RETRY_AFTER));
    crowd.eventLoop.after(
        Duration.ofMillis(wait),
        () -> {
          if (synced && !messageInFlight.isAnswered()) {
            write(messageInFlight);
          }
        });
  }

  private boolean came(ReceivedSeqs receivedSeqs, long seq) {
    boolean first = receivedSeqs.came(seq);
    if (receivedSeqs.owes() && !receivedSeqs.listed()) {
      receivedSeqs.listed(true);
      owing.add(receivedSeqs);
    }
    if (crowd.ackAfter.isZero() || receivedSeqs.owed() >= MANY) {
      ackDue = true;
    }
    return first;
  }

  private ReceivedSeqs track(JsonScanner jsonScanner) {
    ReceivedSeqs recent = last;
    if (recent != null && jsonScanner.is(Field.CONVERSATION, recent.benchConversation.id)) {
      return recent;
    }
    ReceivedSeqs found = tracks.computeIfAbsent(jsonScanner.text(Field.CONVERSATION), this::begin);
    last = found;
    return found;
  }

  private ReceivedSeqs begin(String name) {
    BenchConversation benchConversation = crowd.conv(name);
    benchConversation.members.add(this);
    return new ReceivedSeqs(benchConversation, 0);
  }

  /** What it has of that conversation. */
  ReceivedSeqs track(BenchConversation benchConversation) {
    ReceivedSeqs found = tracks.get(benchConversation.name);
    return found == null ? new ReceivedSeqs(benchConversation, 0) : found;
  }

  @Override
  public void drained() {
    if (ackDue) {
      acknowledge();
    } else if (!owing.isEmpty() && !ackTimer) {
      ackTimer = true;
      crowd.eventLoop.after(
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
    for (ReceivedSeqs receivedSeqs : owing) {
      receivedSeqs.listed(false);
      if (receivedSeqs.owes()) {
        FrameText frameText = crowd.frameText.clear();
        frameText
            .add(ACK)
            .add(receivedSeqs.benchConversation.id)
            .add(ACK_SEQ)
            .add(receivedSeqs.acknowledge())
            .add("}");
        wire().text(frameText);
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
