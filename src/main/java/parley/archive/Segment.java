package parley.archive;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import parley.model.ConversationId;
import parley.model.Entry;

/**
 * A segment in memory, as it is stored.
 *
 * @param manifest what it must be
 * @param bytes gzip of one JSON line for each entry; never changed
 */
@SuppressWarnings("ArrayRecordComponent") // Of identity; never compared.
record Segment(Manifest manifest, byte[] bytes) {
  /** The version that is written. */
  static final int FORMAT = 1;

  /** More is not read: nothing that was written is so large, compressed or not. */
  static final int MOST_BYTES = (int) (2 * ColdTier.SEGMENT_BYTES) + (1 << 20);

  /**
   * The segment of these entries. Same entries, same bytes: gzip's header holds no time and no name
   * here, and the compression is zlib's own of a fixed level.
   *
   * @throws IllegalArgumentException where they make none: too many or none, a hole, too many bytes
   */
  static Segment of(ConversationId id, List<Entry> entries) {
    check(entries);
    ByteArrayOutputStream out = new ByteArrayOutputStream(64 * 1024);
    Counting raw;
    try (Gzip gzip = new Gzip(out);
        Counting counting = new Counting(gzip);
        JsonGenerator json = EntryLine.generator(counting)) {
      raw = counting;
      for (Entry entry : entries) {
        EntryLine.write(json, entry);
      }
    } catch (IOException e) {
      throw new IllegalArgumentException(
          id + ": entries that have no JSON (" + e.getClass().getSimpleName() + ")");
    }
    if (raw.count > 2 * ColdTier.SEGMENT_BYTES) {
      throw new IllegalArgumentException(id + ": a segment of " + raw.count + " bytes");
    }
    byte[] bytes = out.toByteArray();
    Manifest manifest =
        new Manifest(
            FORMAT,
            id,
            entries.getFirst().seq(),
            entries.getLast().seq(),
            entries.size(),
            bytes.length,
            raw.count,
            sha256(bytes),
            entries.getFirst().at(),
            entries.getLast().at());
    return new Segment(manifest, bytes);
  }

  private static void check(List<Entry> entries) {
    if (entries.isEmpty() || entries.size() > ColdTier.SEGMENT_ENTRIES) {
      throw new IllegalArgumentException("a segment of " + entries.size() + " entries");
    }
    long next = entries.getFirst().seq();
    if (next < 1) {
      throw new IllegalArgumentException("an entry " + next);
    }
    for (Entry entry : entries) {
      if (entry.seq() != next) {
        throw new IllegalArgumentException("entry " + entry.seq() + " where " + next + " belongs");
      }
      next++;
    }
  }

  /** Whether the bytes are those the manifest speaks of; throws {@link ColdDamaged}. */
  void verify() {
    if (bytes.length != manifest.bytes() || !sha256(bytes).equals(manifest.sha256())) {
      throw new ColdDamaged(where() + " is not what its manifest says: checksum or length", null);
    }
  }

  /**
   * Its entries of a range, read as they are asked for. Throws {@link ColdDamaged} where lines are
   * not what the manifest says.
   */
  SegmentReader entries(long from, long to) {
    return new SegmentReader(this, new ByteArrayInputStream(bytes), from, to);
  }

  boolean holds(long seq) {
    return manifest.from() <= seq && seq <= manifest.to();
  }

  /** The object, for messages. */
  String where() {
    return key();
  }

  /** The object's name. */
  String key() {
    return ObjectKeys.segment(
        manifest.conversationId(), manifest.from(), manifest.to(), manifest.sha256());
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Of a level that is said: the default of a library could change. */
  private static final class Gzip extends GZIPOutputStream {
    Gzip(OutputStream out) throws IOException {
      super(out, 64 * 1024);
      def.setLevel(Deflater.DEFAULT_COMPRESSION);
    }
  }

  private static final class Counting extends OutputStream {
    private final OutputStream out;
    private long count;

    Counting(OutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int b) throws IOException {
      out.write(b);
      count++;
    }

    @Override
    public void write(byte[] b, int off, int len) throws IOException {
      out.write(b, off, len);
      count += len;
    }
  }
}
