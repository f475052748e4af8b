package parley.session;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.InboxRow;
import parley.model.Refusal;
import parley.model.UserId;
import parley.protocol.FrameWriter;
import parley.protocol.ServerFrame;
import parley.websocket.FrameEncoder;

/**
 * Outbound side of a connection. Encodes frames, hands them to the socket in batches, and sheds
 * load if the client does not read: typing and presence are dropped, and only the newest of each
 * receipt and row is kept.
 */
final class OutgoingFrames {
  /**
   * Most receipts, and most rows, kept for a slow client; a client that misses more is
   * disconnected.
   */
  static final int MAX_KEPT = 4_096;

  /** Shared by the whole process: it recognises frames by their entry object. */
  private static final FrameCache SHARED = new FrameCache();

  private record ReceiptKey(ConversationId conversationId, UserId userId) {}

  private final ActorRef<ToSocket> socket;
  private final SessionSettings settings;
  private final SessionMeters meters;
  private final FrameQueue frameQueue = new FrameQueue();

  private @Nullable Map<ReceiptKey, ServerFrame> receipts;
  private @Nullable Map<ConversationId, ServerFrame> rows;
  private boolean slow;
  private boolean last;
  private boolean finished;

  OutgoingFrames(ActorRef<ToSocket> socket, SessionSettings settings, SessionMeters meters) {
    this.socket = socket;
    this.settings = settings;
    this.meters = meters;
  }

  /**
   * Encodes and queues a frame. All frames are encoded here; frames after the last one are dropped.
   */
  void send(ServerFrame frame) {
    if (last) {
      return;
    }
    if (frame instanceof ServerFrame.Failed failed) {
      meters.refused(failed.code());
    }
    frameQueue.add(
        frame instanceof ServerFrame.Message message
            ? SHARED.bytes(message)
            : FrameEncoder.text(FrameWriter.write(frame)));
  }

  /** Pings the client if nothing else waits; any answer keeps the connection alive. */
  void ping() {
    if (!last && frameQueue.isEmpty()) {
      frameQueue.add(FrameEncoder.ping());
    }
  }

  void refuse(@Nullable Long id, Refusal refusal) {
    send(new ServerFrame.Failed(id, refusal.code(), refusal.message(), refusal.retryAfterMillis()));
  }

  /** Sends a frame that a slow client can do without. Returns whether it was sent. */
  boolean sendLossy(ServerFrame frame, SessionMeters.Shed kind) {
    if (overfull()) {
      meters.shed(kind);
      return false;
    }
    send(frame);
    return true;
  }

  void receipt(ServerFrame.Receipt receipt) {
    if (!overfull()) {
      send(receipt);
      return;
    }
    if (receipts == null) {
      receipts = new LinkedHashMap<>();
    }
    ReceiptKey key = new ReceiptKey(receipt.conversationId(), receipt.userId());
    if (receipts.put(key, receipt) != null) {
      meters.shed(SessionMeters.Shed.RECEIPTS);
    }
  }

  void row(InboxRow row) {
    var frame = new ServerFrame.InboxUpdate(row);
    if (!overfull()) {
      send(frame);
      return;
    }
    if (rows == null) {
      rows = new LinkedHashMap<>();
    }
    if (rows.put(row.conversationId(), frame) != null) {
      meters.shed(SessionMeters.Shed.ROWS);
    }
  }

  /** Whether so much waits that droppable frames are dropped. */
  boolean overfull() {
    return slow || frameQueue.bytes() > settings.slowBytes();
  }

  boolean slow() {
    return slow;
  }

  long bytes() {
    return frameQueue.bytes();
  }

  /** Whether the slow client has missed too many receipts or rows to go on. */
  boolean missedTooMuch() {
    return (receipts != null && receipts.size() > MAX_KEPT)
        || (rows != null && rows.size() > MAX_KEPT);
  }

  /** Marks the client as slow if too much waits. Returns whether it has just become slow. */
  boolean becomesSlow() {
    if (slow || frameQueue.bytes() <= settings.slowBytes()) {
      return false;
    }
    slow = true;
    return true;
  }

  /**
   * Marks a slow client as recovered once the buffer has drained, and sends the kept receipts and
   * rows. Returns whether it has just recovered.
   */
  boolean recovers() {
    if (!slow || frameQueue.bytes() > settings.drainedBytes()) {
      return false;
    }
    slow = false;
    if (receipts != null) {
      receipts.values().forEach(this::send);
      receipts = null;
    }
    if (rows != null) {
      rows.values().forEach(this::send);
      rows = null;
    }
    return true;
  }

  /** The socket asks for more. */
  void socketWantsMore() {
    frameQueue.socketWantsMore();
  }

  /** Hands the next batch to the socket, if the socket has asked for one. */
  void flush() {
    if (finished) {
      return;
    }
    ByteString batch = frameQueue.take();
    if (batch != null) {
      finished = last && frameQueue.isEmpty();
      socket.tell(new ToSocket.Batch(batch, finished));
    }
  }

  /** Lets the socket deliver the next frame. */
  void ready() {
    socket.tell(ToSocket.Ready.READY);
  }

  /**
   * Queues the last frame.
   *
   * @param dropRest whether frames that still wait are dropped
   */
  void finish(ServerFrame.Closing closing, boolean dropRest) {
    if (dropRest) {
      frameQueue.clear();
    }
    meters.closing(closing.code());
    send(closing);
    last = true;
  }

  /** Whether a closing frame was queued. */
  boolean closes() {
    return last;
  }

  /** Closes the socket at once. */
  void cut() {
    socket.tell(ToSocket.CloseNow.CLOSE_NOW);
  }
}
