package parley.session;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;
import parley.protocol.FrameWriter;
import parley.protocol.ServerFrame;
import parley.websocket.FrameEncoder;

/**
 * Cache of encoded {@code message} frames: all sessions of this node that send an entry at about
 * the same time share its bytes. A conversation sends one {@link Entry} object to every member on
 * the node, so entries are compared by identity. The cache holds {@value #SLOTS} frames of at most
 * 64 KiB each; a new frame replaces an older one. Thread-safe, never blocks.
 */
final class FrameCache {
  private static final int SLOTS = 256; // must be a power of two

  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  private record Slot(Entry entry, boolean toSender, byte[] bytes) {}

  private final AtomicReferenceArray<@Nullable Slot> slots = new AtomicReferenceArray<>(SLOTS);

  /**
   * The text of {@link FrameWriter#write} as a WebSocket frame. The caller must not change the
   * array.
   */
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

  // Compare by identity: an equal entry may belong to another conversation.
  @SuppressWarnings("ReferenceEquality")
  private static boolean isFor(Slot known, ServerFrame.Message frame) {
    return known.entry == frame.entry() && known.toSender == frame.toSender();
  }

  private static int slot(ServerFrame.Message frame) {
    int hash = frame.conversationId().hashCode() * 31 + Long.hashCode(frame.entry().seq());
    return ((hash ^ (hash >>> 16)) * 2 + (frame.toSender() ? 1 : 0)) & (SLOTS - 1);
  }
}
