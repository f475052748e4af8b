package parley.model;

/**
 * Why an operation was refused.
 *
 * @param message for developers; if a field is at fault, the message starts with its name and a
 *     colon
 * @param retryAfterMillis after how many milliseconds another try is worthwhile, 0 if unknown
 */
public record Refusal(ErrorCode code, String message, long retryAfterMillis) {
  /** A refusal without a time of its own. {@link ErrorCode#UNAVAILABLE} gets one second. */
  public static Refusal of(ErrorCode code, String message) {
    return new Refusal(code, message, code == ErrorCode.UNAVAILABLE ? 1_000 : 0);
  }

  /** The refusal for users who are not members, whether the conversation exists or not. */
  public static Refusal notFound() {
    return of(ErrorCode.NOT_FOUND, "no such conversation");
  }

  /** A rate limit is reached for that many milliseconds. */
  public static Refusal rateLimited(String what, long retryAfterMillis) {
    return new Refusal(ErrorCode.RATE_LIMITED, what, retryAfterMillis);
  }

  /** A queue is full or a store is slow. */
  public static Refusal unavailable(String why) {
    return of(ErrorCode.UNAVAILABLE, why);
  }
}
