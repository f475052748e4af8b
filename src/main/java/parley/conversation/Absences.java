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
 * time on stand in a range of entries, by their hashes. They are few: the ids of a range that is
 * searched are older than those that come. At most {@value #USERS} senders, those that were asked
 * about last, and {@value #IDS} ids of each, 256 KiB in all; of who has more nothing is remembered.
 */
final class Absences {
  static final int USERS = 8;
  static final int IDS = 4_096;

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
      if (id == null || !entry.senderId().equals(sender) || size > IDS) {
        return;
      }
      long time = ClientMsgIds.time(id, ANY_TIME);
      if (time != ClientMsgIds.NO_TIME && time >= since) {
        if (size == hashes.length) {
          hashes = Arrays.copyOf(hashes, 2 * size);
        }
        hashes[size++] = ClientMsgIds.hash(sender, id);
      }
    }

    private boolean rulesOut(long time, long first, long last, long hash) {
      boolean covered = time >= since && first >= from && last <= to;
      return covered && Arrays.stream(hashes, 0, size).noneMatch(known -> known == hash);
    }
  }

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
    if (found != null && found.size <= IDS) {
      known.put(found.sender, found);
    }
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
