package parley.websocket;

/**
 * Status codes with which the server closes a connection (RFC 6455, section 7.4.1). Clients go by
 * the {@code closing} frame before it, which has a code of its own ({@code ServerFrame.CloseCode}).
 */
public enum CloseStatus {
  /** Normal end. */
  NORMAL(1000),
  /** The bytes are not valid frames. */
  PROTOCOL_ERROR(1002),
  /** The text is not UTF-8. */
  INVALID_DATA(1007);

  private final int number;

  CloseStatus(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }
}
