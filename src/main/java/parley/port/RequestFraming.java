package parley.port;

import org.jspecify.annotations.Nullable;
import parley.port.RequestHead.MalformedException;

/**
 * Finds where each head and each body ends in the bytes of one connection. It stores no bytes; the
 * caller holds a head back until it is complete.
 *
 * <pre>
 *   BETWEEN --first byte--&gt; HEAD --empty line--&gt; BODY or CHUNK_… --&gt; BETWEEN
 *                              └--Upgrade--&gt; ASKED (the handler decides: switch or BETWEEN)
 * </pre>
 *
 * Malformed input ends in {@code REFUSED}, for good: the beginning of the next request would be
 * unknown.
 */
final class RequestFraming {
  /**
   * Most bytes of a head: far more than 64 headers, which the HTTP library accepts, have in
   * practice.
   */
  static final int HEAD_BYTES = 64 * 1024;

  /** Most digits of a chunk's size, including leading zeros. */
  static final int SIZE_DIGITS = 8;

  /** Most bytes of a chunk's extension, which is ignored. */
  static final int EXTENSION_BYTES = 256;

  private enum State {
    BETWEEN,
    HEAD,
    BODY,
    CHUNK_SIZE,
    CHUNK_EXTENSION,
    CHUNK_SIZE_END,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    LAST_CR,
    LAST_LF,
    ASKED,
    REFUSED
  }

  private State state = State.BETWEEN;
  private boolean upgrade;
  private boolean tooLarge;
  private @Nullable String refusal;

  /** Bytes of the head so far, or missing bytes of the body, the chunk or the extension. */
  private long count;

  private long size;
  private int digits;

  /** How many characters of CR LF CR LF have been read. */
  private int lineEndsSeen;

  /**
   * Reads up to the end of these bytes, the end of a head or a body, or a refusal. Between two
   * calls the {@code is…} methods tell the state.
   *
   * @return the index up to which bytes were read
   */
  int advance(byte[] bytes, int from, int to) {
    if (state == State.BETWEEN || state == State.HEAD) {
      return head(bytes, from, to);
    }
    int at = from;
    while (at < to) {
      switch (state) {
        case BODY, CHUNK_DATA -> at = skip(at, to);
        case BETWEEN, ASKED, REFUSED -> {
          return at;
        }
        default -> {
          chunk(bytes[at]);
          // Not past the bad byte: if passed on, the library might take it for the end of the body.
          at += state == State.REFUSED ? 0 : 1;
        }
      }
    }
    return at;
  }

  /** Looks for the end of a head. */
  private int head(byte[] bytes, int from, int to) {
    if (state == State.BETWEEN) {
      if (!RequestHead.isToken(bytes[from])) {
        refuse("a request that does not begin with a method");
        return from;
      }
      state = State.HEAD;
      count = 0;
      lineEndsSeen = 0;
    }
    for (int at = from; at < to; at++) {
      byte c = bytes[at];
      count++;
      boolean wanted = (lineEndsSeen & 1) == 0 ? c == '\r' : c == '\n';
      if (wanted) {
        lineEndsSeen++;
        if (lineEndsSeen == 4) {
          return at + 1;
        }
      } else if (c == '\n' || (lineEndsSeen & 1) == 1) {
        refuse("a line that does not end with CR LF");
        return at;
      } else {
        lineEndsSeen = 0;
      }
      if (count > HEAD_BYTES) {
        tooLarge = true;
        refuse("a head of more than " + HEAD_BYTES + " bytes");
        return at;
      }
    }
    return to;
  }

  /** Whether a head has just become complete; the next call is {@link #read}. */
  boolean isHeadComplete() {
    return state == State.HEAD && lineEndsSeen == 4;
  }

  /** Reads the complete head: all of its bytes. */
  void read(byte[] bytes, int from, int to) {
    try {
      RequestHead head = RequestHead.read(bytes, from, to);
      upgrade = head.upgrade();
      if (head.body() == RequestHead.Body.CHUNKED) {
        size();
      } else {
        count = head.length();
        state = count > 0 ? State.BODY : stateAfterBody();
      }
    } catch (MalformedException e) {
      refuse(String.valueOf(e.getMessage()));
    }
  }

  private State stateAfterBody() {
    return upgrade ? State.ASKED : State.BETWEEN;
  }

  private int skip(int at, int to) {
    long taken = Math.min(count, to - at);
    count -= taken;
    if (count == 0) {
      state = state == State.BODY ? stateAfterBody() : State.CHUNK_DATA_CR;
    }
    return at + (int) taken;
  }

  private void size() {
    state = State.CHUNK_SIZE;
    size = 0;
    digits = 0;
  }

  private void chunk(byte c) {
    switch (state) {
      case CHUNK_SIZE -> {
        int digit = c > 0 ? Character.digit(c, 16) : -1;
        if (digit >= 0 && digits < SIZE_DIGITS) {
          size = size * 16 + digit;
          digits++;
        } else if (digits > 0 && c == '\r') {
          state = State.CHUNK_SIZE_END;
        } else if (digits > 0 && c == ';') {
          count = EXTENSION_BYTES;
          state = State.CHUNK_EXTENSION;
        } else {
          refuse("a chunk whose size is no hexadecimal number");
        }
      }
      case CHUNK_EXTENSION -> {
        count--;
        if (c == '\r') {
          state = State.CHUNK_SIZE_END;
        } else if (c == '\n' || count == 0) {
          refuse("an extension of a chunk that does not end");
        }
      }
      case CHUNK_SIZE_END -> {
        count = size;
        state = expect(c, '\n', size == 0 ? State.LAST_CR : State.CHUNK_DATA);
      }
      case CHUNK_DATA_CR -> state = expect(c, '\r', State.CHUNK_DATA_LF);
      case CHUNK_DATA_LF -> {
        if (expect(c, '\n', State.CHUNK_SIZE) == State.CHUNK_SIZE) {
          size();
        }
      }
      // Trailers are refused too: nothing here reads them.
      case LAST_CR -> state = expect(c, '\r', State.LAST_LF);
      case LAST_LF -> state = expect(c, '\n', State.BETWEEN);
      default -> throw new IllegalStateException(state.name());
    }
  }

  private State expect(byte c, char wanted, State then) {
    if (c == wanted) {
      return then;
    }
    refuse("a chunk that does not end where its size says");
    return State.REFUSED;
  }

  private void refuse(String why) {
    refusal = why;
    state = State.REFUSED;
  }

  /** The switch to another protocol was declined: the next request may come. */
  void upgradeDeclined() {
    // If the answer came before the end of the body, that end is no longer a request to switch.
    upgrade = false;
    if (state == State.ASKED) {
      state = State.BETWEEN;
    }
  }

  /** Whether the last request is complete and no further one has begun. */
  boolean isBetweenRequests() {
    return state == State.BETWEEN;
  }

  /** Whether a head has begun and is not complete. */
  boolean isInHead() {
    return state == State.HEAD;
  }

  /** Whether a head is complete and its body is not. */
  boolean isInBody() {
    return !isBetweenRequests() && !isInHead() && !isUpgradePending() && !isRefused();
  }

  /** Whether the last request asks for another protocol and the handler has not decided yet. */
  boolean isUpgradePending() {
    return state == State.ASKED;
  }

  /** Whether the input was malformed or too large. */
  boolean isRefused() {
    return state == State.REFUSED;
  }

  /** Whether the input was refused for its size. */
  boolean isTooLarge() {
    return tooLarge;
  }

  /** The broken rule, or null if there is none. Quotes nothing of the request. */
  @Nullable String refusal() {
    return refusal;
  }
}
