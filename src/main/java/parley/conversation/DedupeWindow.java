package parley.conversation;

import java.nio.ByteBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;

/**
 * One hash for each of the newest {@value #CAPACITY} entries: the bounded part of "exactly once". A
 * hash takes 8 bytes. A look-up scans at most 80 KB, which takes a few microseconds. At this size
 * that needs less memory than any map and is hardly slower.
 */
final class DedupeWindow {
  /** The number of entries. The protocol promises at least 10,000 later entries. */
  static final int CAPACITY = 10_240;

  private long[] ring;
  private long firstSeq;
  private int size;

  DedupeWindow() {
    ring = new long[16];
    firstSeq = 1;
  }

  /** The lowest seq in the window. Lower ones are looked up in the log. */
  long firstSeq() {
    return firstSeq;
  }

  /** Adds the hash of the next entry; 0 if the entry has no {@code client_msg_id}. */
  void add(long seq, long hash) {
    if (seq != firstSeq + size) {
      throw new IllegalStateException("entry " + seq + " after " + (firstSeq + size - 1));
    }
    if (size == ring.length && size < CAPACITY) {
      long[] larger = new long[Math.min(CAPACITY, ring.length * 2)];
      for (int i = 0; i < size; i++) {
        larger[(int) ((firstSeq + i) % larger.length)] = at(firstSeq + i);
      }
      ring = larger;
    }
    if (size == ring.length) {
      firstSeq++;
      size--;
    }
    ring[(int) (seq % ring.length)] = hash;
    size++;
  }

  private long at(long seq) {
    return ring[(int) (seq % ring.length)];
  }

  /**
   * The seqs above {@code above} whose entries have this hash, newest first; nearly always none or
   * one.
   */
  long[] candidates(long hash, long above) {
    long[] found = new long[0];
    long floor = Math.max(firstSeq, above + 1);
    for (long seq = firstSeq + size - 1; seq >= floor; seq--) {
      if (at(seq) == hash) {
        found = Arrays.copyOf(found, found.length + 1);
        found[found.length - 1] = seq;
      }
    }
    return found;
  }

  /** The size of {@link #toBytes}. */
  long storedBytes() {
    return (long) size * Long.BYTES;
  }

  byte[] toBytes() {
    ByteBuffer bytes = ByteBuffer.allocate(size * Long.BYTES);
    for (int i = 0; i < size; i++) {
      bytes.putLong(at(firstSeq + i));
    }
    return bytes.array();
  }

  static DedupeWindow fromBytes(byte[] bytes, long lastSeq) {
    DedupeWindow window = new DedupeWindow();
    LongBuffer hashes = ByteBuffer.wrap(bytes).asLongBuffer();
    window.firstSeq = lastSeq - hashes.remaining() + 1;
    for (long seq = window.firstSeq; hashes.hasRemaining(); seq++) {
      window.add(seq, hashes.get());
    }
    return window;
  }
}
