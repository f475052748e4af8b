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
 * A segment in memory, in its stored form.
 *
 * @param manifest the description that the bytes must match
 * @param bytes gzip of one JSON line for each entry; never changed
 */
@SuppressWarnings("ArrayRecordComponent") // Segments are never compared.
record Segment(Manifest manifest, byte[] bytes) {
  /** The format version that is written and read. */
  static final int FORMAT = 1;

  /**
   * Maximum bytes of a segment that is read. No segment that was written is larger, compressed or
   * not.
   */
  static final int MOST_BYTES = (int) (2 * ColdTier.SEGMENT_BYTES) + (1 << 20);

  /**
   * Creates the segment of these entries. The same entries give the same bytes: the gzip header
   * contains no time and no name, and the compression level is fixed.
   *
   * @throws IllegalArgumentException if the entries are none or too many, have a hole, or have too
   *     many bytes
   */
  static Segment of(ConversationId id, List<Entry> entries) {
    check(entries);
    ByteArrayOutputStream out = new ByteArrayOutputStream(64 * 1024);
    CountingStream raw;
    try (Gzip gzip = new Gzip(out);
        CountingStream countingStream = new CountingStream(gzip);
        JsonGenerator json = EntryLine.generator(countingStream)) {
      raw = countingStream;
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

  /** Checks that the bytes match the manifest; throws {@link ColdDamaged}. */
  void verify() {
    if (bytes.length != manifest.bytes() || !sha256(bytes).equals(manifest.sha256())) {
      throw new ColdDamaged(where() + " is not what its manifest says: checksum or length", null);
    }
  }

  /**
   * Its entries of a range, read lazily. Throws {@link ColdDamaged} if lines do not match the
   * manifest.
   */
  SegmentReader entries(long from, long to) {
    return new SegmentReader(this, new ByteArrayInputStream(bytes), from, to);
  }

  boolean holds(long seq) {
    return manifest.from() <= seq && seq <= manifest.to();
  }

  /** The object's name for messages. */
  String where() {
    return key();
  }

  /** The object's key. */
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

  /** Sets the level explicitly: the default of a library could change. */
  private static final class Gzip extends GZIPOutputStream {
    Gzip(OutputStream out) throws IOException {
      super(out, 64 * 1024);
      def.setLevel(Deflater.DEFAULT_COMPRESSION);
    }
  }

  private static final class CountingStream extends OutputStream {
    private final OutputStream out;
    private long count;

    CountingStream(OutputStream out) {
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
