package parley.archive;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;

/**
 * Iterates over the entries of a segment. The segment is uncompressed bit by bit, never as a whole
 * in memory. Lines before the wanted range are counted but not parsed. Lines after it are not read,
 * except if the range includes the last entry: then the segment must end after that entry.
 */
final class SegmentReader implements Iterator<Entry> {
  private final Manifest manifest;
  private final String where;
  private final InputStream stored;
  private final long from;
  private final long to;
  private final byte[] buffer = new byte[32 * 1024];
  private @Nullable InputStream in;
  private int start;
  private int end;
  private byte[] line = new byte[1024];
  private int length;
  private long rawBytes;
  private long seq;
  private @Nullable Entry next;

  SegmentReader(Segment segment, InputStream stored, long from, long to) {
    this.manifest = segment.manifest();
    this.where = segment.where();
    this.stored = stored;
    this.from = Math.max(from, manifest.from());
    this.to = Math.min(to, manifest.to());
    this.seq = manifest.from() - 1;
  }

  @Override
  public boolean hasNext() {
    if (next == null && seq < to) {
      next = read();
    }
    return next != null;
  }

  @Override
  public Entry next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    Entry entry = next;
    next = null;
    if (entry == null) {
      throw new NoSuchElementException();
    }
    return entry;
  }

  private Entry read() {
    try {
      do {
        if (!readLine()) {
          throw damaged("ends before entry " + (seq + 1), null);
        }
        seq++;
        if (seqOfLine() != seq) {
          throw damaged("has another line where entry " + seq + " belongs", null);
        }
      } while (seq < from);
      Entry entry = EntryLine.read(line, length);
      if (seq == manifest.to()) {
        end(entry);
      }
      return entry;
    } catch (IOException e) {
      throw damaged("cannot be uncompressed", e);
    } catch (IllegalArgumentException e) {
      throw damaged("has an entry " + seq + " that cannot be read: " + e.getMessage(), e);
    }
  }

  private void end(Entry last) throws IOException {
    if (readLine()) {
      throw damaged("goes on behind its last entry", null);
    }
    if (rawBytes != manifest.rawBytes() || last.at() != manifest.lastAt()) {
      throw damaged("is not what its manifest says", null);
    }
  }

  /** Reads the next line without its line feed. Returns false if there is none. */
  private boolean readLine() throws IOException {
    length = 0;
    while (true) {
      if (start == end && !fill()) {
        if (length > 0) {
          throw damaged("ends within a line", null);
        }
        return false;
      }
      int at = start;
      while (at < end && buffer[at] != '\n') {
        at++;
      }
      append(at - start);
      boolean whole = at < end;
      start = whole ? at + 1 : at;
      if (whole) {
        return true;
      }
    }
  }

  private boolean fill() throws IOException {
    InputStream source = in;
    if (source == null) {
      source = new GZIPInputStream(stored, 16 * 1024);
      in = source;
    }
    int read = source.read(buffer);
    start = 0;
    end = Math.max(0, read);
    rawBytes += end;
    if (rawBytes > manifest.rawBytes()) {
      throw damaged("is longer than its manifest says", null);
    }
    return read > 0;
  }

  private void append(int count) {
    if (length + count > line.length) {
      line = Arrays.copyOf(line, Math.max(length + count, 2 * line.length));
    }
    System.arraycopy(buffer, start, line, length, count);
    length += count;
  }

  private long seqOfLine() {
    int at = EntryLine.START.length();
    if (length < at) {
      return -1;
    }
    for (int i = 0; i < at; i++) {
      if (line[i] != EntryLine.START.charAt(i)) {
        return -1;
      }
    }
    long number = 0;
    while (at < length && line[at] >= '0' && line[at] <= '9') {
      number = 10 * number + (line[at] - '0');
      at++;
    }
    return number;
  }

  private ColdDamaged damaged(String how, @Nullable Throwable cause) {
    return new ColdDamaged(where + " " + how, cause);
  }
}
