package parley.session;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;
import parley.protocol.FrameWriter;
import parley.protocol.ServerFrame;
import parley.websocket.FrameEncoder;

/**
 * The bytes of an entry's {@code message} frame, made once for all the sessions of this node that
 * are told of it at about the same time. One object of an entry goes from its conversation to every
 * member on the node, so what was made for the same object (and not an equal one) serves again.
 * {@value #SLOTS} frames are kept, at most 64 KiB each; a new one takes the place of an older.
 * Thread-safe, never blocks.
 */
final class FrameCache {
  private static final int SLOTS = 256; // a power of two

  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  private record Slot(Entry entry, boolean toSender, byte[] bytes) {}

  private final AtomicReferenceArray<@Nullable Slot> slots = new AtomicReferenceArray<>(SLOTS);

  /** As {@link FrameWriter#write} makes it, framed. Not to be changed. */
  byte[] bytes(ServerFrame.Message frame) {
    Entry entry = frame.entry();
    int at = slot(frame);
    Slot known = slots.getPlain(at);
    if (known != null && isFor(known, frame)) {
      return known.bytes;
    }
    byte[] bytes = FrameEncoder.text(FrameWriter.write(frame));
    slots.setRelease(at, new Slot(entry, frame.toSender(), bytes));
    return bytes;
  }

  // The very object: an equal one may be of another conversation.
  @SuppressWarnings("ReferenceEquality")
  private static boolean isFor(Slot known, ServerFrame.Message frame) {
    return known.entry == frame.entry() && known.toSender == frame.toSender();
  }

  private static int slot(ServerFrame.Message frame) {
    int hash = frame.conversationId().hashCode() * 31 + Long.hashCode(frame.entry().seq());
    return ((hash ^ (hash >>> 16)) * 2 + (frame.toSender() ? 1 : 0)) & (SLOTS - 1);
  }
}
