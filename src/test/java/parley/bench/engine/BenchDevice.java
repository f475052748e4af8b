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
 * A user with one device and at most one connection. The device says hello, sends messages and
 * acknowledges all entries before the first missing one. It keeps the received seqs across
 * connections. Confined to the thread of the {@link EventLoop}.
 */
public final class BenchDevice implements BenchSocket.Listener {
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
  private static final byte[] SEND_CLIENT_MSG_ID = FrameText.ascii("\",\"client_msg_id\":\"");
  private static final byte[] SEND_CONTENT = FrameText.ascii("\",\"type\":\"text\",\"content\":\"");
  private static final byte[] ACK = FrameText.ascii("{\"op\":\"ack\",\"conversation_id\":\"");
  private static final byte[] READ = FrameText.ascii("{\"op\":\"read\",\"conversation_id\":\"");
  private static final byte[] ACK_SEQ = FrameText.ascii("\",\"seq\":");

  /**
   * Unacknowledged entries at which the device acknowledges at once. The web client uses the same
   * number.
   */
  private static final int MAX_UNACKNOWLEDGED = 64;

  private static final long MIN_RETRY_MILLIS = 50;

  final int index;
  final String userId;
  final MessagesInFlight messagesInFlight = new MessagesInFlight();

  private final VirtualUsers users;
  private final Map<String, ReceivedSeqs> receivedByConversation = new HashMap<>();
  private final List<ReceivedSeqs> pendingAcks = new ArrayList<>();
  private @Nullable BenchSocket benchSocket;
  private @Nullable ReceivedSeqs lastUsed;
  private @Nullable Runnable onSynced;
  private @Nullable HistoryCallback historyCallback;
  private String token = "";
  private long connectStartedAt;
  private long helloSentAt;
  private boolean synced;
  private boolean disconnecting;
  private boolean ackDue;
  private boolean ackTimerSet;

  /** Receives the page of a history request. */
  public interface HistoryCallback {
    void received(BenchDevice device, JsonScanner history);
  }

  BenchDevice(VirtualUsers users, int index, String userId) {
    this.users = users;
    this.index = index;
    this.userId = userId;
  }

  /** Sets the token of the next hello. */
  void token(String next) {
    token = next;
  }

  String token() {
    return token;
  }

  /** Connects. {@code then} runs after {@code synced}. */
  void connect(InetSocketAddress to, @Nullable InetSocketAddress from, Runnable then) {
    synced = false;
    disconnecting = false;
    onSynced = then;
    connectStartedAt = System.nanoTime();
    try {
      benchSocket = BenchSocket.connect(users.eventLoop, this, to, from);
    } catch (IOException e) {
      users.fail("a connection failed: " + e);
    }
  }

  /** Disconnects without a close frame. */
  public void disconnect() {
    disconnecting = true;
    BenchSocket socket = benchSocket;
    if (socket != null) {
      socket.close();
    }
  }

  public boolean synced() {
    return synced;
  }

  /** Whether a message of this device still waits for {@code sent} or for a receiver. */
  public boolean hasMessagesInFlight() {
    return messagesInFlight.size() > 0;
  }

  long connectStartedAt() {
    return connectStartedAt;
  }

  /** The time of the hello, from {@link System#nanoTime}. */
  public long helloSentAt() {
    return helloSentAt;
  }

  // Outgoing frames.

  /** Sends a message to a conversation. Its latency counts from {@code intended}. */
  public MessageInFlight send(BenchConversation conversation, long intended, int receivers) {
    return startSending(
        new MessageInFlight(
            this,
            conversation,
            null,
            messagesInFlight.nextNumber(),
            intended,
            users.unixMillis(),
            receivers));
  }

  /** Sends a message to a user. The first one creates the conversation. */
  MessageInFlight sendToUser(BenchDevice to, long intended) {
    return startSending(
        new MessageInFlight(
            this, null, to, messagesInFlight.nextNumber(), intended, users.unixMillis(), 1));
  }

  private MessageInFlight startSending(MessageInFlight message) {
    messagesInFlight.add(message);
    users.addInFlight(1);
    writeSendFrame(message);
    return message;
  }

  private void writeSendFrame(MessageInFlight message) {
    FrameText frameText = users.frameText.clear();
    frameText.add(SEND_ID).add(message.number);
    if (message.conversation != null) {
      frameText.add(SEND_CONVERSATION).add(message.conversation.idBytes);
    } else {
      frameText.add(SEND_TO).add(Objects.requireNonNull(message.to).userId);
    }
    // A ULID: the time, then bits that are unique and increase for each sender.
    frameText
        .add(SEND_CLIENT_MSG_ID)
        .base32(message.unixMillis, 10)
        .base32(message.number, 8)
        .base32(index, 8);
    int before = frameText.add(SEND_CONTENT).length();
    frameText.add("P").hex(index, 8).hex(message.number, 8);
    int rest = users.contentBytes - (frameText.length() - before);
    frameText.letters(31 * index + 7 * message.number, rest).add("\"}");
    socket().sendText(frameText);
  }

  /** Requests a page of history. The answer goes to {@code then}. */
  public void history(
      BenchConversation conversation, long before, int limit, HistoryCallback then) {
    historyCallback = then;
    FrameText frameText = users.frameText.clear();
    frameText.add("{\"op\":\"history\",\"id\":1,\"conversation_id\":\"").add(conversation.idBytes);
    frameText.add("\",\"limit\":").add(limit);
    if (before > 0) {
      frameText.add(",\"before\":").add(before);
    }
    socket().sendText(frameText.add("}"));
  }

  void ping() {
    if (synced) {
      socket().sendText(PING);
    }
  }

  private BenchSocket socket() {
    return Objects.requireNonNull(benchSocket);
  }

  // Incoming frames.

  @Override
  public void opened() {
    FrameText frameText = users.frameText.clear();
    frameText.add("{\"op\":\"hello\",\"id\":1,\"token\":\"").add(token);
    frameText.add("\",\"device_id\":\"d").add(index).add("\",\"client\":\"parley-bench/1\"}");
    helloSentAt = System.nanoTime();
    socket().sendText(frameText);
  }

  @Override
  public void textReceived(byte[] bytes, int start, int end) {
    JsonScanner jsonScanner = users.jsonScanner.read(bytes, start, end);
    if (jsonScanner.is(Field.OP, MESSAGE)) {
      handleMessage(jsonScanner);
    } else if (jsonScanner.is(Field.OP, SENT)) {
      handleSent(jsonScanner);
    } else if (jsonScanner.is(Field.OP, RECEIPT)) {
      users.receipts++;
    } else if (jsonScanner.is(Field.OP, HISTORY)) {
      Objects.requireNonNull(historyCallback).received(this, jsonScanner);
    } else if (jsonScanner.is(Field.OP, SYNCED)) {
      synced = true;
      Runnable then = Objects.requireNonNull(onSynced);
      onSynced = null;
      then.run();
    } else if (jsonScanner.is(Field.OP, ERROR)) {
      handleError(jsonScanner);
    } else if (jsonScanner.is(Field.OP, GAP)) {
      users.fail(
          "a gap up to "
              + jsonScanner.number(Field.TO_SEQ)
              + ": "
              + jsonScanner.text(Field.REASON));
    } else if (jsonScanner.is(Field.OP, CLOSING)) {
      users.fail(
          "closing: " + jsonScanner.text(Field.CODE) + ", " + jsonScanner.text(Field.REASON));
    }
  }

  private void handleMessage(JsonScanner jsonScanner) {
    ReceivedSeqs receivedSeqs = receivedSeqsOf(jsonScanner);
    long seq = jsonScanner.number(Field.SEQ);
    if (!recordEntry(receivedSeqs, seq)) {
      return;
    }
    if (!jsonScanner.is(Field.TYPE, TEXT)) {
      receivedSeqs.conversation.recordSystemEntry(seq);
      return;
    }
    receivedSeqs.conversation.recordArrived(seq);
    int content = jsonScanner.start(Field.CONTENT);
    int from = (int) FrameText.parseHex(jsonScanner.bytes(), content + 1, 8);
    int number = (int) FrameText.parseHex(jsonScanner.bytes(), content + 9, 8);
    MessageInFlight message = users.device(from).messagesInFlight.get(number);
    long now = System.nanoTime();
    users.delivered++;
    scheduleRead(receivedSeqs);
    if (message != null) {
      message.markDelivered();
      users.listener().delivered(message, this, now);
      completeIfDone(message, now);
    } else {
      users.listener().replayed(this, now);
    }
  }

  private void handleSent(JsonScanner jsonScanner) {
    ReceivedSeqs receivedSeqs = receivedSeqsOf(jsonScanner);
    long seq = jsonScanner.number(Field.SEQ);
    MessageInFlight message = messagesInFlight.get((int) jsonScanner.number(Field.ID));
    recordEntry(receivedSeqs, seq);
    if (message == null || message.isStored()) {
      return;
    }
    receivedSeqs.conversation.recordStored(seq);
    message.markStored();
    long now = System.nanoTime();
    users.listener().stored(message, receivedSeqs.conversation, now);
    completeIfDone(message, now);
  }

  private void scheduleRead(ReceivedSeqs receivedSeqs) {
    Duration wait = users.readAfter;
    if (wait != null && receivedSeqs.beginReading()) {
      users.eventLoop.runAfter(
          wait,
          () -> {
            receivedSeqs.endReading();
            if (synced) {
              FrameText frameText = users.frameText.clear();
              frameText.add(READ).add(receivedSeqs.conversation.idBytes);
              socket().sendText(frameText.add(ACK_SEQ).add(receivedSeqs.upTo()).add("}"));
            }
          });
    }
  }

  private void completeIfDone(MessageInFlight message, long now) {
    if (message.isComplete()) {
      message.from.messagesInFlight.remove(message);
      users.addInFlight(-1);
      users.listener().completed(message, now);
    }
  }

  private void handleError(JsonScanner jsonScanner) {
    String code = jsonScanner.text(Field.CODE);
    users.countRefusal(code);
    MessageInFlight message = messagesInFlight.get((int) jsonScanner.number(Field.ID));
    if (message == null || !jsonScanner.text(Field.RETRYABLE).equals("true")) {
      users.fail("error: " + code + ", " + jsonScanner.text(Field.MESSAGE));
      return;
    }
    long wait = Math.max(MIN_RETRY_MILLIS, jsonScanner.number(Field.RETRY_AFTER));
    users.eventLoop.runAfter(
        Duration.ofMillis(wait),
        () -> {
          if (synced && !message.isStored()) {
            writeSendFrame(message);
          }
        });
  }

  private boolean recordEntry(ReceivedSeqs receivedSeqs, long seq) {
    boolean first = receivedSeqs.add(seq);
    if (receivedSeqs.hasUnacknowledged() && !receivedSeqs.pendingAck()) {
      receivedSeqs.pendingAck(true);
      pendingAcks.add(receivedSeqs);
    }
    if (users.ackAfter.isZero() || receivedSeqs.unacknowledged() >= MAX_UNACKNOWLEDGED) {
      ackDue = true;
    }
    return first;
  }

  private ReceivedSeqs receivedSeqsOf(JsonScanner jsonScanner) {
    ReceivedSeqs recent = lastUsed;
    if (recent != null && jsonScanner.is(Field.CONVERSATION, recent.conversation.idBytes)) {
      return recent;
    }
    ReceivedSeqs found =
        receivedByConversation.computeIfAbsent(jsonScanner.text(Field.CONVERSATION), this::join);
    lastUsed = found;
    return found;
  }

  private ReceivedSeqs join(String conversationId) {
    BenchConversation conversation = users.conversation(conversationId);
    conversation.members.add(this);
    return new ReceivedSeqs(conversation, 0);
  }

  /** Returns the seqs that this device has of a conversation. */
  ReceivedSeqs receivedSeqs(BenchConversation conversation) {
    ReceivedSeqs found = receivedByConversation.get(conversation.id);
    return found == null ? new ReceivedSeqs(conversation, 0) : found;
  }

  @Override
  public void inputDrained() {
    if (ackDue) {
      acknowledge();
    } else if (!pendingAcks.isEmpty() && !ackTimerSet) {
      ackTimerSet = true;
      users.eventLoop.runAfter(
          users.ackAfter,
          () -> {
            ackTimerSet = false;
            acknowledge();
          });
    }
  }

  private void acknowledge() {
    ackDue = false;
    boolean helloSent = helloSentAt - connectStartedAt > 0;
    if (!helloSent || (!synced && onSynced == null)) {
      return; // Not connected. The next entry that arrives triggers the acknowledgement.
    }
    for (ReceivedSeqs receivedSeqs : pendingAcks) {
      receivedSeqs.pendingAck(false);
      if (receivedSeqs.hasUnacknowledged()) {
        FrameText frameText = users.frameText.clear();
        frameText
            .add(ACK)
            .add(receivedSeqs.conversation.idBytes)
            .add(ACK_SEQ)
            .add(receivedSeqs.acknowledge())
            .add("}");
        socket().sendText(frameText);
        users.acks++;
      }
    }
    pendingAcks.clear();
  }

  @Override
  public void closed(String why) {
    synced = false;
    if (!disconnecting) {
      users.fail("a connection ended: " + why);
    }
  }
}
