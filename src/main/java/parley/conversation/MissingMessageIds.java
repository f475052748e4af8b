package parley.conversation;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;
import parley.model.UserId;

/**
 * What searches of the old log have found not to be there, so that it need not be searched again
 * for each message of a sender whose clock is, or was, far off: which of the sender's ids from a
 * time on stand in a range of entries, by their hashes. Mostly they are few and kept one by one, up
 * to {@value #IDS}; those of a sender with more are kept in a filter of 64 KiB, which may take an
 * id for known that is not: that costs a search, never a wrong answer. (Of 50,000 ids one in a
 * hundred is taken so, of 500,000 nearly all.) A range that is searched later is added to what is
 * known, and only what it has more is read: who comes with older and older ids has the log read
 * once.
 *
 * <p>And where old ids were found that came again, so that who repeats one for ever has one entry
 * read each time: the last {@value #LOCATED}.
 *
 * <p>At most {@value #USERS} senders, those that were asked about last: 512 KiB in all, where all
 * of them have many ids; beyond that the one longest not asked about is searched for anew.
 */
final class MissingMessageIds {
  static final int USERS = 8;
  static final int IDS = 4_096;
  static final int LOCATED = 1_024;

  private static final int FILTER_BITS = 1 << 19;
  private static final int PROBES = 4;

  /** Any time an id can carry is plausible by this clock. */
  private static final long ANY_TIME = Long.MAX_VALUE / 2;

  /** Of one sender. */
  static final class Absence {
    private final UserId sender;
    private final long from;
    private final long to;
    private final long since;
    private long[] hashes = new long[8];
    private int size;

    /** In the place of {@link #hashes}, where they are too many. */
    private long @Nullable [] filter;

    /**
     * Of a search that begins.
     *
     * @param from the first entry it reads
     * @param to the last one
     * @param since ids before this time do not count
     */
    Absence(UserId sender, long from, long to, long since) {
      this.sender = sender;
      this.from = from;
      this.to = to;
      this.since = since;
    }

    /** Takes in an entry of the range; each of it has to come. */
    void add(Entry entry) {
      String id = entry.clientMsgId();
      if (id == null || !entry.senderId().equals(sender)) {
        return;
      }
      long time = ClientMsgIds.time(id, ANY_TIME);
      if (time != ClientMsgIds.NO_TIME && time >= since) {
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

    /** The bit of a hash's n-th probe. */
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
      boolean covered = time >= since && first >= from && last <= to;
      return covered && !mayHold(hash);
    }

    long from() {
      return from;
    }

    long to() {
      return to;
    }

    /** The same, to be told of the entries before and behind it too, down and up to these. */
    Absence extended(long first, long last) {
      Absence more = new Absence(sender, Math.min(first, from), Math.max(last, to), since);
      more.hashes = hashes.clone();
      more.size = size;
      more.filter = filter == null ? null : filter.clone();
      return more;
    }
  }

  private final Map<Long, Long> located =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Long> eldest) {
          return size() > LOCATED;
        }
      };

  private final Map<UserId, Absence> known =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<UserId, Absence> eldest) {
          return size() > USERS;
        }
      };

  /** Remembers a search that has read its range whole. */
  void note(@Nullable Absence found) {
    if (found != null) {
      known.put(found.sender, found);
    }
  }

  /**
   * What is known of the sender, if it goes back to any time, rules this id out, and overlaps or
   * meets the range; else null.
   */
  @Nullable Absence toExtend(UserId sender, long first, long last, long hash) {
    Absence one = known.get(sender);
    boolean fits =
        one != null
            && one.since == Long.MIN_VALUE
            && one.from <= last + 1
            && first <= one.to + 1
            && !one.mayHold(hash);
    return fits ? one : null;
  }

  /** An old id of that hash stands there. */
  void locate(long hash, long seq) {
    located.put(hash, seq);
  }

  /** Where an id of that hash was found last, told once; 0 is not known. */
  long takeLocated(long hash) {
    Long seq = located.remove(hash);
    return seq == null ? 0 : seq;
  }

  /**
   * Whether an id of the sender is for certain none of the entries {@code first} to {@code last}.
   *
   * @param time the id's
   * @param hash the id's
   */
  boolean rulesOut(UserId sender, long time, long first, long last, long hash) {
    Absence one = known.get(sender);
    return one != null && one.rulesOut(time, first, last, hash);
  }
}
