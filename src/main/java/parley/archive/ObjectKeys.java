package parley.archive;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;

/**
 * The names of stored objects, see {@link parley.archive}.
 *
 * <p>A name begins with the last seq, with leading zeros. No segment has more than {@link
 * ColdTier#SEGMENT_ENTRIES} entries. So the segment that holds a seq ends at most that far after
 * the seq, and its name has one of two prefixes of a fixed length. One listing finds it, rarely
 * two, however long the conversation is and without an index.
 */
final class ObjectKeys {
  /** The prefix of all keys in a bucket or folder; other things may lie beside it. */
  static final String ROOT = "conversations/";

  private static final int DIGITS = 19;

  /**
   * The digits that differ within a shelf. A shelf is the names with the same digits before these;
   * one listing returns it.
   */
  private static final int SHELF_DIGITS = 4;

  private static final long SHELF = 10_000;
  private static final String MANIFEST = ".json";
  private static final String SEGMENT = ".jsonl.gz";
  private static final Pattern NAME =
      Pattern.compile("([0-9]{19})-([0-9]{19})(?:\\.json|-([0-9a-f]{16})\\.jsonl\\.gz)");

  private ObjectKeys() {}

  /**
   * A parsed object name.
   *
   * @param key the whole key
   * @param sha the beginning of the checksum in a segment's name; null in a manifest's
   */
  record Name(String key, long from, long to, @Nullable String sha) {
    boolean isManifest() {
      return sha == null;
    }
  }

  /** The prefix of all keys of a conversation. */
  static String folder(ConversationId id) {
    return ROOT + escaped(id.value()) + "/";
  }

  static String manifest(ConversationId id, long from, long to) {
    return folder(id) + range(from, to) + MANIFEST;
  }

  static String segment(ConversationId id, long from, long to, String sha256) {
    return folder(id) + segmentName(from, to, sha256);
  }

  /** A segment's name without its folder. */
  static String segmentName(long from, long to, String sha256) {
    return range(from, to) + "-" + sha256.substring(0, 16) + SEGMENT;
  }

  /**
   * The prefixes of the objects whose last seq is in this range: one, or more if the range crosses
   * a border between shelves.
   */
  static List<String> shelves(ConversationId id, long fromTo, long toTo) {
    String folder = folder(id);
    return java.util.stream.LongStream.rangeClosed(fromTo / SHELF, toTo / SHELF)
        .mapToObj(shelf -> folder + padded(shelf * SHELF).substring(0, DIGITS - SHELF_DIGITS))
        .toList();
  }

  /** Parses a key; null if it is not the name of a segment or a manifest. */
  static @Nullable Name parse(String key) {
    Matcher name = NAME.matcher(key.substring(key.lastIndexOf('/') + 1));
    if (!name.matches()) {
      return null;
    }
    try {
      return new Name(
          key, Long.parseLong(name.group(2)), Long.parseLong(name.group(1)), name.group(3));
    } catch (NumberFormatException e) {
      return null; // Nineteen digits can exceed a long; no name of this class does.
    }
  }

  private static String range(long from, long to) {
    return padded(to) + "-" + padded(from);
  }

  private static String padded(long seq) {
    return String.format(Locale.ROOT, "%0" + DIGITS + "d", seq);
  }

  /**
   * Escapes an id, which may contain any visible ASCII character. Each character that is not a
   * letter, a digit, a hyphen or an underscore becomes a dot and two hexadecimal digits. The result
   * is safe in paths, URLs and shells, and is never a folder's "." or "..".
   */
  private static String escaped(String id) {
    StringBuilder out = new StringBuilder(id.length());
    for (byte b : id.getBytes(StandardCharsets.US_ASCII)) {
      char c = (char) b;
      boolean plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (plain || c == '-' || c == '_') {
        out.append(c);
      } else {
        out.append(String.format(Locale.ROOT, ".%02X", (int) c));
      }
    }
    return out.toString();
  }
}
