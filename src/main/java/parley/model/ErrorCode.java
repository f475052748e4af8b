package parley.model;

/**
 * Every error a client can get: its name for ever, its HTTP status, and whether the same call may
 * succeed later.
 */
public enum ErrorCode {
  /** A field is missing or wrong. */
  BAD_REQUEST("bad_request", 400, false),
  /** A frame is not what the protocol says; on the socket in place of {@link #BAD_REQUEST}. */
  BAD_FRAME("bad_frame", 400, false),
  /** The first frame was not a hello. */
  HELLO_REQUIRED("hello_required", 400, false),
  /** No token, or one that is not good. */
  UNAUTHENTICATED("unauthenticated", 401, false),
  /** Wrong username or password. */
  BAD_CREDENTIALS("bad_credentials", 401, false),
  /** A refresh token came a second time; its family is revoked. */
  REFRESH_REUSED("refresh_reused", 401, false),
  /** A member may not do this. */
  FORBIDDEN("forbidden", 403, false),
  /** There is no such thing, or it is none of the caller's business. */
  NOT_FOUND("not_found", 404, false),
  /** The HTTP method is not one of this path's. */
  METHOD_NOT_ALLOWED("method_not_allowed", 405, false),
  /** The body did not arrive in time. */
  REQUEST_TIMEOUT("request_timeout", 408, true),
  /** Somebody has this name. */
  USERNAME_TAKEN("username_taken", 409, false),
  /** Over a stated size. */
  TOO_LARGE("too_large", 413, false),
  /** The body is not JSON. */
  UNSUPPORTED_MEDIA_TYPE("unsupported_media_type", 415, false),
  /** The moderation gate said no. */
  REJECTED_BY_MODERATION("rejected_by_moderation", 422, false),
  /** Too many; there is a time after which it is worth another try. */
  RATE_LIMITED("rate_limited", 429, true),
  /** Our fault. */
  INTERNAL("internal", 500, true),
  /**
   * Not now: a queue is full, a store is slow, a node is gone. The outcome of the call may be
   * unknown.
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
