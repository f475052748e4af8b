package parley.model;

/**
 * Every error a client can get: its name, which never changes, its HTTP status, and whether the
 * same call may succeed later.
 *
 * <p>A new one also belongs into {@code openapi.json}, {@code asyncapi.json}, {@code
 * guide/errors.md} and the web client's {@code text.js}. Codes travel between nodes, so it takes
 * two versions, see {@link parley.serial}.
 */
public enum ErrorCode {
  /** A field is missing or wrong. */
  BAD_REQUEST("bad_request", 400, false),
  /** A frame violates the protocol. The socket uses this instead of {@link #BAD_REQUEST}. */
  BAD_FRAME("bad_frame", 400, false),
  /** The first frame was not a hello. */
  HELLO_REQUIRED("hello_required", 400, false),
  /** No token, or an invalid one. */
  UNAUTHENTICATED("unauthenticated", 401, false),
  /** Wrong username or password. */
  BAD_CREDENTIALS("bad_credentials", 401, false),
  /** A refresh token was used a second time; all tokens of its family are revoked. */
  REFRESH_REUSED("refresh_reused", 401, false),
  /** The caller is a member but may not do this. */
  FORBIDDEN("forbidden", 403, false),
  /** The object does not exist, or the caller may not know that it exists. */
  NOT_FOUND("not_found", 404, false),
  /** The path does not support this HTTP method. */
  METHOD_NOT_ALLOWED("method_not_allowed", 405, false),
  /** The body did not arrive in time. */
  REQUEST_TIMEOUT("request_timeout", 408, true),
  /** Another account has this username. */
  USERNAME_TAKEN("username_taken", 409, false),
  /** Larger than a documented limit. */
  TOO_LARGE("too_large", 413, false),
  /** The body is not JSON. */
  UNSUPPORTED_MEDIA_TYPE("unsupported_media_type", 415, false),
  /** The moderation gate rejected the message. */
  REJECTED_BY_MODERATION("rejected_by_moderation", 422, false),
  /** Too many requests. The error says when another try is worthwhile. */
  RATE_LIMITED("rate_limited", 429, true),
  /** A fault of the server. */
  INTERNAL("internal", 500, true),
  /**
   * Temporarily impossible: a queue is full, a store is slow, a node is gone. The outcome of the
   * call may be unknown.
   */
  UNAVAILABLE("unavailable", 503, true);

  private final String wireName;
  private final int status;
  private final boolean retryable;

  ErrorCode(String wireName, int status, boolean retryable) {
    this.wireName = wireName;
    this.status = status;
    this.retryable = retryable;
  }

  /** The name on the wire. */
  public String wireName() {
    return wireName;
  }

  /** The HTTP status. */
  public int status() {
    return status;
  }

  /** Whether the same call may succeed later. */
  public boolean retryable() {
    return retryable;
  }
}
