package parley.port;

/**
 * The framing that the head of a request declares. The head is read strictly, after RFC 9112: input
 * that two parsers could read differently is refused, because a proxy in front of this server may
 * be the other parser (request smuggling).
 *
 * <p>Only framing is read. Methods, targets and the meaning of headers belong to the HTTP library.
 *
 * @param body how the body is framed
 * @param length of a body of known length, in bytes
 * @param upgrade whether the client asks for another protocol afterwards
 */
record RequestHead(Body body, long length, boolean upgrade) {
  /** Most digits of a length: more than any length that is served has, and no overflow. */
  static final int LENGTH_DIGITS = 15;

  /** How a body is framed. */
  enum Body {
    /** Known length; 0 without a body. */
    FIXED,
    /** In chunks. */
    CHUNKED
  }

  /** The head is refused. No stack trace, so that a refused request costs as little as possible. */
  static final class MalformedException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedException(String why) {
      super(why, null, false, false);
    }
  }

  /**
   * Reads a head.
   *
   * @param bytes of the request line, the header lines and the empty line. All lines must end with
   *     CRLF; {@link RequestFraming} has checked that
   * @throws MalformedException if the head is ambiguous or not HTTP/1.0 or 1.1; the message names
   *     the rule and quotes nothing of the request
   */
  static RequestHead read(byte[] bytes, int from, int to) throws MalformedException {
    int end = lineEnd(bytes, from);
    boolean old = requestLine(bytes, from, end);
    return new HeaderReader(old).headers(bytes, end + 2, to);
  }

  /** Checks {@code METHOD target HTTP/1.x}; true for HTTP/1.0. */
  private static boolean requestLine(byte[] bytes, int from, int end) throws MalformedException {
    int spaces = 0;
    for (int i = from; i < end; i++) {
      if (bytes[i] == ' ') {
        spaces++;
      } else if (isControl(bytes[i])) {
        throw new MalformedException("a control character in the request line");
      }
    }
    int method = from;
    while (method < end && isToken(bytes[method])) {
      method++;
    }
    int version = end - "HTTP/1.1".length();
    boolean shaped =
        spaces == 2
            && method > from
            && bytes[method] == ' '
            && version > method + 2
            && bytes[version - 1] == ' ';
    if (!shaped || !startsWith(bytes, version, "HTTP/1.")) {
      throw new MalformedException("a request line that is not METHOD target HTTP/1.x");
    }
    return switch (bytes[end - 1]) {
      case '0' -> true;
      case '1' -> false;
      default -> throw new MalformedException("a version of HTTP other than 1.0 and 1.1");
    };
  }

  /** The framing that the header lines read so far declare. */
  private static final class HeaderReader {
    private final boolean http10;
    private long length = -1;
    private boolean chunked;
    private boolean upgrade;

    HeaderReader(boolean old) {
      this.http10 = old;
    }

    RequestHead headers(byte[] bytes, int first, int to) throws MalformedException {
      int from = first;
      while (from < to - 2) {
        int end = lineEnd(bytes, from);
        header(bytes, from, end);
        from = end + 2;
      }
      if (chunked && length >= 0) {
        throw new MalformedException("Content-Length together with Transfer-Encoding");
      }
      return new RequestHead(
          chunked ? Body.CHUNKED : Body.FIXED, Math.max(0, length), upgrade && !chunked);
    }

    private void header(byte[] bytes, int from, int end) throws MalformedException {
      int colon = from;
      while (colon < end && isToken(bytes[colon])) {
        colon++;
      }
      // Also refuses a line that continues the value of the previous one (obs-fold), and "Name :
      // value".
      if (colon == from || colon == end || bytes[colon] != ':') {
        throw new MalformedException("a header line that is not Name: value");
      }
      int start = colon + 1;
      int stop = end;
      while (start < stop && isBlank(bytes[start])) {
        start++;
      }
      while (stop > start && isBlank(bytes[stop - 1])) {
        stop--;
      }
      for (int i = start; i < stop; i++) {
        if (isControl(bytes[i]) && bytes[i] != '\t') {
          throw new MalformedException("a control character in a header");
        }
      }
      int name = colon - from;
      if (equalsIgnoringCase(bytes, from, name, "content-length")) {
        contentLength(bytes, start, stop);
      } else if (equalsIgnoringCase(bytes, from, name, "transfer-encoding")) {
        transferEncoding(bytes, start, stop);
      } else if (equalsIgnoringCase(bytes, from, name, "upgrade")) {
        upgrade = true;
      }
    }

    private void contentLength(byte[] bytes, int from, int to) throws MalformedException {
      if (length >= 0) {
        throw new MalformedException("more than one Content-Length");
      }
      if (to == from || to - from > LENGTH_DIGITS) {
        throw new MalformedException("a Content-Length that is no number of bytes");
      }
      long sum = 0;
      for (int i = from; i < to; i++) {
        if (bytes[i] < '0' || bytes[i] > '9') {
          throw new MalformedException("a Content-Length that is no number of bytes");
        }
        sum = sum * 10 + (bytes[i] - '0');
      }
      length = sum;
    }

    private void transferEncoding(byte[] bytes, int from, int to) throws MalformedException {
      if (chunked || !equalsIgnoringCase(bytes, from, to - from, "chunked")) {
        throw new MalformedException("a Transfer-Encoding other than chunked");
      }
      if (http10) {
        throw new MalformedException("a Transfer-Encoding in HTTP/1.0");
      }
      chunked = true;
    }
  }

  private static int lineEnd(byte[] bytes, int from) {
    int end = from;
    while (bytes[end] != '\r') {
      end++;
    }
    return end;
  }

  private static boolean startsWith(byte[] bytes, int from, String text) {
    for (int i = 0; i < text.length(); i++) {
      if (bytes[from + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Whether these bytes are the given lower-case word, ignoring case. */
  private static boolean equalsIgnoringCase(byte[] bytes, int from, int length, String word) {
    if (length != word.length()) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      int c = bytes[from + i];
      if (((c >= 'A' && c <= 'Z') ? c + 32 : c) != word.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Whether a byte may be part of a token: RFC 9110, section 5.6.2. */
  static boolean isToken(byte c) {
    return (c >= '0' && c <= '9')
        || (c >= 'A' && c <= 'Z')
        || (c >= 'a' && c <= 'z')
        || (c > 0 && "!#$%&'*+-.^_`|~".indexOf(c) >= 0);
  }

  private static boolean isBlank(byte c) {
    return c == ' ' || c == '\t';
  }

  private static boolean isControl(byte c) {
    return (c >= 0 && c < 0x20) || c == 0x7f;
  }
}
