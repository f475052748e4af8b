package parley.conversation;

import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import parley.bounds.BoundedMap;
import parley.model.Entry;
import parley.model.UserId;

/**
 * Remembers what searches of the old log did not find. So a sender whose clock is or was far off
 * does not cost a search for each message.
 *
 * <p>For a sender it holds which of its ids occur in a range of entries, as hashes. Up to {@value
 * #IDS} ids are kept exactly. More ids go into a Bloom filter of 64 KiB. The filter may report an
 * id that is not there, which costs a search and never a wrong answer. (With 50,000 ids it does so
 * for one id in a hundred, with 500,000 for nearly all.) A later search of the same sender reads
 * only the part of its range that is not known yet. So a sender that comes with older and older ids
 * has the log read once.
 *
 * <p>It also remembers where the last {@value #LOCATED} repeated old ids were found, so that an id
 * that is repeated again costs the read of one entry.
 *
 * <p>Bounds: {@value #USERS} senders, those that were used last; 512 KiB in all if each of them has
 * a filter. For the sender that drops out, the log is searched again.
 */
final class MissingMessageIds {
  static final int USERS = 8;
  static final int IDS = 4_096;
  static final int LOCATED = 1_024;

  private static final int FILTER_BITS = 1 << 19;
  private static final int PROBES = 4;

  /** With this as the clock, every time that an id can carry is plausible. */
  private static final long ANY_TIME = Long.MAX_VALUE / 2;

  /** The ids of one sender that occur in a range of entries. */
  static final class Absence {
    private final UserId sender;
    private final long from;
    private final long to;
    private final long minTime;
    private long[] hashes = new long[8];
    private int size;

    /** Replaces {@link #hashes} when there are too many. */
    private long @Nullable [] filter;

    /**
     * For a search that begins.
     *
     * @param from the first entry that it reads
     * @param to the last entry that it reads
     * @param since ids with an earlier time are not recorded
     */
    Absence(UserId sender, long from, long to, long since) {
      this.sender = sender;
      this.from = from;
      this.to = to;
      this.minTime = since;
    }

    /** Records an entry of the range. Must be called for every entry of it. */
    void add(Entry entry) {
      String id = entry.clientMsgId();
      if (id == null || !entry.senderId().equals(sender)) {
        return;
      }
      long time = ClientMsgIds.time(id, ANY_TIME);
      if (time != ClientMsgIds.NO_TIME && time >= minTime) {
        add(ClientMsgIds.hash(sender, id));
      }
    }

    private void add(long hash) {
      if (filter == null && size == IDS) {
        filter = new long[FILTER_BITS / Long.SIZE];
        for (long one : hashes) {
          mark(filter, one);
        }
        hashes = new long[0];
        size = 0;
      }
      if (filter != null) {
        mark(filter, hash);
        return;
      }
      if (size == hashes.length) {
        hashes = Arrays.copyOf(hashes, 2 * size);
      }
      hashes[size++] = hash;
    }

    private static int bit(long hash, int probe) {
      return (int) ((hash + probe * (hash >>> 32 | 1)) & (FILTER_BITS - 1));
    }

    private static void mark(long[] filter, long hash) {
      for (int probe = 0; probe < PROBES; probe++) {
        int bit = bit(hash, probe);
        filter[bit / Long.SIZE] |= 1L << bit;
      }
    }

    private boolean mayHold(long hash) {
      if (filter == null) {
        return Arrays.stream(hashes, 0, size).anyMatch(known -> known == hash);
      }
      for (int probe = 0; probe < PROBES; probe++) {
        int bit = bit(hash, probe);
        if ((filter[bit / Long.SIZE] & 1L << bit) == 0) {
          return false;
        }
      }
      return true;
    }

    private boolean rulesOut(long time, long first, long last, long hash) {
      boolean covered = time >= minTime && first >= from && last <= to;
      return covered && !mayHold(hash);
    }

    long from() {
      return from;
    }

    long to() {
      return to;
    }

    /**
     * A copy for a larger range. The caller has to add the entries before and after the known
     * range.
     */
    Absence extended(long first, long last) {
      Absence more = new Absence(sender, Math.min(first, from), Math.max(last, to), minTime);
      more.hashes = hashes.clone();
      more.size = size;
      more.filter = filter == null ? null : filter.clone();
      return more;
    }
  }

  private final Map<Long, Long> located = BoundedMap.byAge(LOCATED);

  private final Map<UserId, Absence> absenceBySender = BoundedMap.byUse(USERS);

  /** Remembers the result of a search that has read its whole range. */
  void note(@Nullable Absence found) {
    if (found != null) {
      absenceBySender.put(found.sender, found);
    }
  }

  /**
   * The known ids of the sender, if a search of this range can build on them: they were recorded
   * for all times, do not contain this id, and their range overlaps or touches this one. Otherwise
   * null.
   */
  @Nullable Absence extendable(UserId sender, long first, long last, long hash) {
    Absence one = absenceBySender.get(sender);
    boolean fits =
        one != null
            && one.minTime == Long.MIN_VALUE
            && one.from <= last + 1
            && first <= one.to + 1
            && !one.mayHold(hash);
    return fits ? one : null;
  }

  /** Remembers the entry in which an old id of that hash was found. */
  void rememberLocation(long hash, long seq) {
    located.put(hash, seq);
  }

  /** Returns where an id of that hash was found last, and forgets it; 0 if not known. */
  long takeLocated(long hash) {
    Long seq = located.remove(hash);
    return seq == null ? 0 : seq;
  }

  /**
   * Whether the entries {@code first} to {@code last} certainly do not hold this id of the sender.
   *
   * @param time the time in the id, epoch milliseconds
   * @param hash the hash of sender and id
   */
  boolean rulesOut(UserId sender, long time, long first, long last, long hash) {
    Absence one = absenceBySender.get(sender);
    return one != null && one.rulesOut(time, first, last, hash);
  }
}
