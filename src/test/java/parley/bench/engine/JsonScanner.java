package parley.bench.engine;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Finds the fields of one JSON object in one pass over its bytes, without a tree, a string or an
 * allocation. It knows the fields that a load generator needs, at the top level only, and skips all
 * others. Strings are returned as they are, with their escapes. Not thread-safe; reused.
 */
public final class JsonScanner {
  /** A field it knows. */
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

    private final int at;
    private final byte[] name;

    private Field(int at, String name) {
      this.at = at;
      this.name = FrameText.ascii(name);
    }
  }

  private final int[] starts = new int[Field.ALL.length];
  private final int[] ends = new int[Field.ALL.length];
  private byte[] bytes = {};
  private int at;
  private int to;
  private int items;
  private int entries;

  /**
   * Walks over an object.
   *
   * @throws IllegalArgumentException where it is none
   */
  public JsonScanner read(byte[] from, int start, int end) {
    bytes = from;
    at = start;
    to = end;
    entries = 0;
    Arrays.fill(starts, -1);
    expect('{');
    if (peek() == '}') {
      return this;
    }
    while (true) {
      int nameStart = at + 1;
      string();
      Field field = field(nameStart, at - 1);
      expect(':');
      int valueStart = peek() == '"' ? at + 1 : at;
      value();
      if (field != null) {
        starts[field.at] = valueStart;
        ends[field.at] = bytes[at - 1] == '"' ? at - 1 : at;
        if (field == Field.ENTRIES) {
          entries = items;
        }
      }
      if (peek() != ',') {
        expect('}');
        return this;
      }
      at++;
      peek();
    }
  }

  public boolean has(Field field) {
    return starts[field.at] >= 0;
  }

  /** Whether the field is there and says this. */
  public boolean is(Field field, byte[] value) {
    int start = starts[field.at];
    return start >= 0 && Arrays.equals(bytes, start, ends[field.at], value, 0, value.length);
  }

  /** Its text, or an empty one. */
  public String text(Field field) {
    int start = starts[field.at];
    return start < 0
        ? ""
        : new String(bytes, start, ends[field.at] - start, StandardCharsets.UTF_8);
  }

  /** Its number, or -1 where it is not there. */
  public long number(Field field) {
    int start = starts[field.at];
    if (start < 0) {
      return -1;
    }
    long number = 0;
    for (int i = start; i < ends[field.at]; i++) {
      number = number * 10 + (bytes[i] - '0');
    }
    return number;
  }

  /** The byte where the field's value starts, in {@link #bytes}; -1 where it is not there. */
  int start(Field field) {
    return starts[field.at];
  }

  int length(Field field) {
    return ends[field.at] - starts[field.at];
  }

  byte[] bytes() {
    return bytes;
  }

  /** How many objects {@code entries} holds. */
  public int entries() {
    return entries;
  }

  private void value() {
    items = 0;
    byte first = bytes[at];
    if (first == '"') {
      string();
    } else if (first == '{' || first == '[') {
      nested();
    } else {
      while (at < to && bytes[at] != ',' && bytes[at] != '}') {
        at++;
      }
    }
  }

  private void nested() {
    int depth = 0;
    while (at < to) {
      byte b = bytes[at];
      if (b == '"') {
        string();
        continue;
      }
      if (b == '{' || b == '[') {
        if (b == '{' && depth == 1) {
          items++;
        }
        depth++;
      } else if (b == '}' || b == ']') {
        depth--;
      }
      at++;
      if (depth == 0) {
        return;
      }
    }
    throw new IllegalArgumentException("an object or array has no end");
  }

  private void string() {
    expect('"');
    while (at < to) {
      byte b = bytes[at++];
      if (b == '"') {
        return;
      }
      if (b == '\\') {
        at++;
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
    while (at < to && bytes[at] <= ' ' && bytes[at] >= 0) {
      at++;
    }
    if (at >= to) {
      throw new IllegalArgumentException("the object has no end");
    }
    return bytes[at];
  }

  private void expect(char wanted) {
    if (peek() != wanted) {
      throw new IllegalArgumentException("not " + wanted + " but " + (char) bytes[at]);
    }
    at++;
  }
}
