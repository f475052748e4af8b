package parley.conversation;

import java.nio.ByteBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;

/**
 * One hash for each of the newest {@value #CAPACITY} entries, with an index: the bounded part of
 * "exactly once". An entry takes at most 14 bytes: the hash itself, its place in a chain of equal
 * buckets, and its share of the buckets. Adding and looking up take constant time.
 *
 * <p>Each hash has a slot in a ring, and each bucket begins a chain of slots, newest first. Clients
 * choose what is hashed, so the bucket also depends on a number that they do not know; otherwise
 * they could put all entries into one chain.
 */
final class DedupeWindow {
  /** The number of entries. The protocol promises at least 10,000 later entries. */
  static final int CAPACITY = 10_240;

  private static final int FIRST_CAPACITY = 16;
  private static final long BUCKET_KEY = ThreadLocalRandom.current().nextLong() | 1;

  /** The hashes; the slot of a seq is its remainder by the ring's length. */
  private long[] ring = new long[0];

  /** The next older slot of the same chain plus one, for each slot; 0 ends a chain. */
  private char[] older = new char[0];

  /** The newest slot of each chain plus one; 0 is an empty chain. The length is a power of two. */
  private char[] newest = new char[0];

  private long firstSeq;
  private int size;

  DedupeWindow() {
    allocate(FIRST_CAPACITY);
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
    if (size == ring.length) {
      if (size < CAPACITY) {
        grow();
      } else {
        removeFirst();
      }
    }
    size++;
    put(seq, hash);
  }

  private void allocate(int capacity) {
    ring = new long[capacity];
    older = new char[capacity];
    newest = new char[Integer.highestOneBit(capacity * 2 - 1)];
  }

  private void grow() {
    long[] hashes = ring;
    allocate(Math.min(CAPACITY, hashes.length * 2));
    for (long seq = firstSeq; seq < firstSeq + size; seq++) {
      put(seq, hashes[(int) (seq % hashes.length)]);
    }
  }

  private void put(long seq, long hash) {
    int slot = slot(seq);
    ring[slot] = hash;
    if (hash != 0) {
      int bucket = bucket(hash);
      older[slot] = newest[bucket];
      newest[bucket] = (char) (slot + 1);
    }
  }

  /** Removes the oldest entry, which is the last of its chain. */
  private void removeFirst() {
    int slot = slot(firstSeq);
    long hash = ring[slot];
    if (hash != 0) {
      int bucket = bucket(hash);
      if (newest[bucket] == slot + 1) {
        newest[bucket] = 0;
      } else {
        int before = newest[bucket] - 1;
        while (older[before] != slot + 1) {
          before = older[before] - 1;
        }
        older[before] = 0;
      }
    }
    firstSeq++;
    size--;
  }

  private int slot(long seq) {
    return (int) (seq % ring.length);
  }

  private int bucket(long hash) {
    return (int) ((hash * BUCKET_KEY) >>> 32) & (newest.length - 1);
  }

  /**
   * The seqs above {@code above} whose entries have this hash, newest first; nearly always none or
   * one.
   *
   * @param hash not 0
   */
  long[] candidates(long hash, long above) {
    long[] found = new long[0];
    long last = firstSeq + size - 1;
    for (int next = newest[bucket(hash)]; next != 0; next = older[next - 1]) {
      long seq = last - Math.floorMod(last - (next - 1), ring.length);
      if (seq <= above) {
        break;
      }
      if (ring[next - 1] == hash) {
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
    for (long seq = firstSeq; seq < firstSeq + size; seq++) {
      bytes.putLong(ring[slot(seq)]);
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
