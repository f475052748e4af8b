package parley.bench.engine;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Finds known top-level fields of one JSON object in one pass over its bytes, without building a
 * tree and without allocation. Other fields are skipped. Strings keep their escapes. Reusable, not
 * thread-safe.
 */
public final class JsonScanner {
  /** A known field. */
  public static final class Field {
    public static final Field OP = new Field(0, "op");
    public static final Field ID = new Field(1, "id");
    static final Field CONVERSATION = new Field(2, "conversation_id");
    public static final Field SEQ = new Field(3, "seq");
    static final Field TYPE = new Field(4, "type");
    public static final Field CONTENT = new Field(5, "content");
    public static final Field CODE = new Field(6, "code");
    static final Field REASON = new Field(7, "reason");
    static final Field MESSAGE = new Field(8, "message");
    static final Field RETRYABLE = new Field(9, "retryable");
    static final Field RETRY_AFTER = new Field(10, "retry_after_ms");
    static final Field BACKLOG = new Field(11, "backlog");
    public static final Field TIER = new Field(12, "tier");
    static final Field ENTRIES = new Field(13, "entries");
    static final Field DUPLICATE = new Field(14, "duplicate");
    static final Field TO_SEQ = new Field(15, "to_seq");

    private static final Field[] ALL = {
      OP,
      ID,
      CONVERSATION,
      SEQ,
      TYPE,
      CONTENT,
      CODE,
      REASON,
      MESSAGE,
      RETRYABLE,
      RETRY_AFTER,
      BACKLOG,
      TIER,
      ENTRIES,
      DUPLICATE,
      TO_SEQ
    };

    private final int index;
    private final byte[] name;

    private Field(int index, String name) {
      this.index = index;
      this.name = FrameText.ascii(name);
    }
  }

  private final int[] starts = new int[Field.ALL.length];
  private final int[] ends = new int[Field.ALL.length];
  private byte[] bytes = {};
  private int position;
  private int limit;
  private int nestedObjects;
  private int entries;

  /**
   * Scans an object.
   *
   * @throws IllegalArgumentException if the bytes are not an object
   */
  public JsonScanner read(byte[] from, int start, int end) {
    bytes = from;
    position = start;
    limit = end;
    entries = 0;
    Arrays.fill(starts, -1);
    expect('{');
    if (peek() == '}') {
      return this;
    }
    while (true) {
      int nameStart = position + 1;
      string();
      Field field = field(nameStart, position - 1);
      expect(':');
      int valueStart = peek() == '"' ? position + 1 : position;
      value();
      if (field != null) {
        starts[field.index] = valueStart;
        ends[field.index] = bytes[position - 1] == '"' ? position - 1 : position;
        if (field == Field.ENTRIES) {
          entries = nestedObjects;
        }
      }
      if (peek() != ',') {
        expect('}');
        return this;
      }
      position++;
      peek();
    }
  }

  public boolean has(Field field) {
    return starts[field.index] >= 0;
  }

  /** Whether the field exists and has this value. */
  public boolean is(Field field, byte[] value) {
    int start = starts[field.index];
    return start >= 0 && Arrays.equals(bytes, start, ends[field.index], value, 0, value.length);
  }

  /** The text of the field, or an empty string. */
  public String text(Field field) {
    int start = starts[field.index];
    return start < 0
        ? ""
        : new String(bytes, start, ends[field.index] - start, StandardCharsets.UTF_8);
  }

  /** The number of the field, or -1 if it is missing. */
  public long number(Field field) {
    int start = starts[field.index];
    if (start < 0) {
      return -1;
    }
    long number = 0;
    for (int i = start; i < ends[field.index]; i++) {
      number = number * 10 + (bytes[i] - '0');
    }
    return number;
  }

  /** The position of the field's value in {@link #bytes}, or -1 if it is missing. */
  int start(Field field) {
    return starts[field.index];
  }

  int length(Field field) {
    return ends[field.index] - starts[field.index];
  }

  byte[] bytes() {
    return bytes;
  }

  /** The number of objects in the array {@code entries}. */
  public int entries() {
    return entries;
  }

  private void value() {
    nestedObjects = 0;
    byte first = bytes[position];
    if (first == '"') {
      string();
    } else if (first == '{' || first == '[') {
      nested();
    } else {
      while (position < limit && bytes[position] != ',' && bytes[position] != '}') {
        position++;
      }
    }
  }

  private void nested() {
    int depth = 0;
    while (position < limit) {
      byte b = bytes[position];
      if (b == '"') {
        string();
        continue;
      }
      if (b == '{' || b == '[') {
        if (b == '{' && depth == 1) {
          nestedObjects++;
        }
        depth++;
      } else if (b == '}' || b == ']') {
        depth--;
      }
      position++;
      if (depth == 0) {
        return;
      }
    }
    throw new IllegalArgumentException("an object or array has no end");
  }

  private void string() {
    expect('"');
    while (position < limit) {
      byte b = bytes[position++];
      if (b == '"') {
        return;
      }
      if (b == '\\') {
        position++;
      }
    }
    throw new IllegalArgumentException("a string has no end");
  }

  private @Nullable Field field(int start, int end) {
    for (Field field : Field.ALL) {
      if (field.name.length == end - start
          && bytes[start] == field.name[0]
          && Arrays.equals(bytes, start, end, field.name, 0, field.name.length)) {
        return field;
      }
    }
    return null;
  }

  private byte peek() {
    while (position < limit && bytes[position] <= ' ' && bytes[position] >= 0) {
      position++;
    }
    if (position >= limit) {
      throw new IllegalArgumentException("the object has no end");
    }
    return bytes[position];
  }

  private void expect(char wanted) {
    if (peek() != wanted) {
      throw new IllegalArgumentException(
          "expected " + wanted + " but found " + (char) bytes[position]);
    }
    position++;
  }
}
