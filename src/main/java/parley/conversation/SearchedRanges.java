package parley.conversation;

import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import parley.bounds.BoundedMap;
import parley.model.Entry;
import parley.model.UserId;

/**
 * Remembers what searches of the old log have read. So a sender whose clock is or was far off, or
 * who repeats old messages, does not cost a search for each message.
 *
 * <p>For a sender it holds which of its ids occur in a range of entries, as hashes. Up to {@value
 * #MAX_EXACT_IDS} ids are kept exactly, each with its entry, so that a repeated id costs the read
 * of one entry. More ids go into a Bloom filter of 64 KiB. The filter may report an id that is not
 * there, which costs a search and never a wrong answer. (With 50,000 ids it does so for one id in a
 * hundred, with 500,000 for nearly all.) A later search of the same sender reads only the part of
 * its range that is not known yet. So a sender that comes with older and older ids has the log read
 * once.
 *
 * <p>It also remembers where the last {@value #MAX_LOCATED} repeated old ids were found, for
 * senders with more ids.
 *
 * <p>Bounds: {@value #MAX_SENDERS} senders, those that were used last; 544 KiB in all if each of
 * them has a filter or as many exact ids. For the sender that drops out, the log is searched again,
 * at the cost of its budget ({@link LogScans}).
 */
final class SearchedRanges {
  static final int MAX_SENDERS = 8;
  static final int MAX_EXACT_IDS = 4_096;
  static final int MAX_LOCATED = 1_024;

  private static final int FILTER_BITS = 1 << 19;
  private static final int PROBES = 4;

  /** With this as the clock, every time that an id can carry is plausible. */
  private static final long ANY_TIME = Long.MAX_VALUE / 2;

  /** The ids of one sender that occur in a range of entries. Ids without a time do not count. */
  static final class SearchedRange {
    private final UserId sender;
    private final long from;
    private final long to;
    private long[] hashes = new long[8];
    private long[] seqs = new long[8];
    private int size;

    /** Replaces {@link #hashes} and {@link #seqs} when there are too many. */
    private long @Nullable [] filter;

    /**
     * For a search that begins.
     *
     * @param from the first entry that it reads
     * @param to the last entry that it reads
     */
    SearchedRange(UserId sender, long from, long to) {
      this.sender = sender;
      this.from = from;
      this.to = to;
    }

    private SearchedRange(SearchedRange known, long from, long to) {
      this(known.sender, from, to);
      hashes = known.hashes.clone();
      seqs = known.seqs.clone();
      size = known.size;
      filter = known.filter == null ? null : known.filter.clone();
    }

    /** Records an entry of the range. Must be called for every entry of it. */
    void add(Entry entry) {
      String id = entry.clientMsgId();
      if (id != null
          && entry.senderId().equals(sender)
          && ClientMsgIds.time(id, ANY_TIME) != ClientMsgIds.NO_TIME) {
        add(ClientMsgIds.hash(sender, id), entry.seq());
      }
    }

    private void add(long hash, long seq) {
      if (filter == null && size == MAX_EXACT_IDS) {
        filter = new long[FILTER_BITS / Long.SIZE];
        for (long one : hashes) {
          mark(filter, one);
        }
        hashes = new long[0];
        seqs = new long[0];
        size = 0;
      }
      if (filter != null) {
        mark(filter, hash);
        return;
      }
      if (size == hashes.length) {
        hashes = Arrays.copyOf(hashes, 2 * size);
        seqs = Arrays.copyOf(seqs, 2 * size);
      }
      hashes[size] = hash;
      seqs[size++] = seq;
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
        return locate(hash) > 0;
      }
      for (int probe = 0; probe < PROBES; probe++) {
        int bit = bit(hash, probe);
        if ((filter[bit / Long.SIZE] & 1L << bit) == 0) {
          return false;
        }
      }
      return true;
    }

    /** The first entry whose id has that hash; 0 if there is none, or if it is not kept. */
    private long locate(long hash) {
      for (int i = 0; i < size; i++) {
        if (hashes[i] == hash) {
          return seqs[i];
        }
      }
      return 0;
    }

    private boolean covers(long first, long last) {
      return first >= from && last <= to;
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
    SearchedRange extended(long first, long last) {
      return new SearchedRange(this, Math.min(first, from), Math.max(last, to));
    }

    /** The part of the range that a search has read if it ended at this entry. */
    SearchedRange endedAt(long seq) {
      return new SearchedRange(this, from, seq);
    }
  }

  private final Map<Long, Long> located = BoundedMap.byAge(MAX_LOCATED);

  private final Map<UserId, SearchedRange> rangeBySender = BoundedMap.byUse(MAX_SENDERS);

  /** Remembers a range that was read. A smaller one does not replace one that covers it. */
  void note(@Nullable SearchedRange read) {
    if (read != null) {
      SearchedRange known = rangeBySender.get(read.sender);
      if (known == null || !known.covers(read.from, read.to)) {
        rangeBySender.put(read.sender, read);
      }
    }
  }

  /**
   * The known range of the sender, if a search of these entries can build on it: it overlaps or
   * touches them, and does not contain this id. Otherwise null.
   */
  @Nullable SearchedRange extendable(UserId sender, long first, long last, long hash) {
    SearchedRange one = rangeBySender.get(sender);
    boolean fits = one != null && one.from <= last + 1 && first <= one.to + 1 && !one.mayHold(hash);
    return fits ? one : null;
  }

  /** Remembers the entry in which an old id of that hash was found. */
  void rememberLocation(long hash, long seq) {
    located.put(hash, seq);
  }

  /** Returns the entry in which an id of that hash was read last; 0 if not known. */
  long locate(UserId sender, long hash) {
    Long seq = located.get(hash);
    if (seq != null) {
      return seq;
    }
    SearchedRange range = rangeBySender.get(sender);
    return range == null ? 0 : range.locate(hash);
  }

  /**
   * Whether the entries {@code first} to {@code last} certainly do not hold this id of the sender.
   *
   * @param hash the hash of sender and id
   */
  boolean rulesOut(UserId sender, long first, long last, long hash) {
    SearchedRange one = rangeBySender.get(sender);
    return one != null && one.covers(first, last) && !one.mayHold(hash);
  }
}
