package parley.conversation;

import parley.model.UserId;

/** Reads the time from a {@code client_msg_id}, if it carries one, and computes its hash. */
final class ClientMsgIds {
  /** The result for an id that carries no time. */
  static final long NO_TIME = -1;

  /**
   * If the time in an id is ahead of the clock by more than this, it is not taken for a time: no
   * clock is that wrong. In milliseconds.
   */
  private static final long PLAUSIBLE_AHEAD = 3_650L * 86_400_000L;

  private ClientMsgIds() {}

  /** The time in a ULID or UUIDv7, epoch milliseconds, or {@link #NO_TIME}. */
  static long time(String id, long now) {
    long time =
        switch (id.length()) {
          case 26 -> ulidTime(id);
          case 36 -> uuid7Time(id);
          default -> NO_TIME;
        };
    return time > now + PLAUSIBLE_AHEAD ? NO_TIME : time;
  }

  /**
   * A ULID is in Crockford's base 32, with 48 bits of time in the first ten characters
   * (github.com/ulid/spec).
   */
  private static long ulidTime(String id) {
    long time = 0;
    for (int i = 0; i < 26; i++) {
      int digit = crockford(id.charAt(i));
      if (digit < 0 || (i == 0 && digit > 7)) {
        return NO_TIME;
      }
      if (i < 10) {
        time = time << 5 | digit;
      }
    }
    return time;
  }

  private static int crockford(char c) {
    int at = "0123456789ABCDEFGHJKMNPQRSTVWXYZ".indexOf(Character.toUpperCase(c));
    return c < 0x80 ? at : -1;
  }

  /** A UUIDv7 has 48 bits of time in its first twelve digits (RFC 9562, section 5.7). */
  private static long uuid7Time(String id) {
    long time = 0;
    int digits = 0;
    for (int i = 0; i < 36; i++) {
      char c = id.charAt(i);
      if (i == 8 || i == 13 || i == 18 || i == 23) {
        if (c != '-') {
          return NO_TIME;
        }
        continue;
      }
      int digit = c < 0x80 ? Character.digit(c, 16) : -1;
      if (digit < 0) {
        return NO_TIME;
      }
      if (digits++ < 12) {
        time = time << 4 | digit;
      }
    }
    boolean version7 = id.charAt(14) == '7';
    boolean variant = "89abAB".indexOf(id.charAt(19)) >= 0;
    return version7 && variant ? time : NO_TIME;
  }

  /**
   * A 64-bit hash of {@code (sender, id)}, never 0. It only preselects: the caller compares the
   * entry itself, so a collision, even an intended one, costs one look-up and nothing else. The
   * hash is FNV-1a with the finalizer of SplitMix64.
   */
  static long hash(UserId sender, String id) {
    long h = fnv(0xcbf29ce484222325L, sender.value());
    h = fnv((h ^ 0xff) * 0x100000001b3L, id);
    h = (h ^ (h >>> 30)) * 0xbf58476d1ce4e5b9L;
    h = (h ^ (h >>> 27)) * 0x94d049bb133111ebL;
    h ^= h >>> 31;
    return h == 0 ? 1 : h;
  }

  private static long fnv(long start, String s) {
    long h = start;
    for (int i = 0; i < s.length(); i++) {
      h = (h ^ s.charAt(i)) * 0x100000001b3L;
    }
    return h;
  }
}
