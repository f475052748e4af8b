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
 * The way to the client, and what becomes of frames if it does not read: typing and presence are
 * dropped, of receipts and rows only the newest of each is kept.
 */
final class OutgoingFrames {
  /** Receipts and rows kept for a slow client; one that misses more than that is not worth it. */
  static final int KEPT = 4_096;

  /** Of the whole process: it knows frames by the object they are of. */
  private static final FrameCache SHARED = new FrameCache();

  private record ReceiptKey(ConversationId conversationId, UserId userId) {}

  private final ActorRef<SocketFlow.ToSocket> socket;
  private final SessionSettings settings;
  private final SessionMeters meters;
  private final FrameQueue frameQueue = new FrameQueue();

  private @Nullable Map<ReceiptKey, ServerFrame> receipts;
  private @Nullable Map<ConversationId, ServerFrame> rows;
  private boolean slow;
  private boolean last;
  private boolean finished;

  OutgoingFrames(
      ActorRef<SocketFlow.ToSocket> socket, SessionSettings settings, SessionMeters meters) {
    this.socket = socket;
    this.settings = settings;
    this.meters = meters;
  }

  /** The one place where frames become bytes. Nothing comes after the last frame. */
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

  /** Asks whether the client is there; anything it answers keeps the connection. */
  void ping() {
    if (!last && frameQueue.isEmpty()) {
      frameQueue.add(FrameEncoder.ping());
    }
  }

  void refuse(@Nullable Long id, Refusal refusal) {
    send(new ServerFrame.Failed(id, refusal.code(), refusal.message(), refusal.retryAfterMillis()));
  }

  /** Something a slow client does without. */
  void sendLossy(ServerFrame frame) {
    if (!overfull()) {
      send(frame);
    }
  }

  void receipt(ServerFrame.Receipt receipt) {
    if (!overfull()) {
      send(receipt);
      return;
    }
    if (receipts == null) {
      receipts = new LinkedHashMap<>();
    }
    receipts.put(new ReceiptKey(receipt.conversationId(), receipt.userId()), receipt);
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
    rows.put(row.conversationId(), frame);
  }

  /** Whether so much waits that what can be left out is. */
  boolean overfull() {
    return slow || frameQueue.bytes() > settings.slowBytes();
  }

  boolean slow() {
    return slow;
  }

  long bytes() {
    return frameQueue.bytes();
  }

  /** Whether more is kept for the slow client than is reasonable. */
  boolean hopeless() {
    return (receipts != null && receipts.size() > KEPT) || (rows != null && rows.size() > KEPT);
  }

  /** Whether the client has become slow just now. */
  boolean slows() {
    if (slow || frameQueue.bytes() <= settings.slowBytes()) {
      return false;
    }
    slow = true;
    return true;
  }

  /** Whether the client has just caught up; what was kept for it goes out. */
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

  /** The socket takes more. */
  void wanted() {
    frameQueue.wanted();
  }

  /** Hands over what the socket takes. */
  void flush() {
    if (finished) {
      return;
    }
    ByteString batch = frameQueue.take();
    if (batch != null) {
      finished = last && frameQueue.isEmpty();
      socket.tell(new SocketFlow.Batch(batch, finished));
    }
  }

  /** The socket may bring the next frame. */
  void ready() {
    socket.tell(SocketFlow.Ready.READY);
  }

  /** The last frame. */
  void finish(ServerFrame.Closing closing, boolean dropRest) {
    if (dropRest) {
      frameQueue.clear();
    }
    meters.closing(closing.code());
    send(closing);
    last = true;
  }

  /** Ends the socket at once. */
  void cut() {
    socket.tell(SocketFlow.Cut.CUT);
  }
}
