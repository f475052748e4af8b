package parley.model;

/**
 * Why something was not done.
 *
 * @param message for a person who debugs; where a field is at fault it begins with its name and a
 *     colon
 * @param retryAfterMillis when it is worth another try, 0 where there is no such time
 */
public record Refusal(ErrorCode code, String message, long retryAfterMillis) {
  /** A refusal without a time. */
  public static Refusal of(ErrorCode code, String message) {
    return new Refusal(code, message, code == ErrorCode.UNAVAILABLE ? 1_000 : 0);
  }

  /** What a stranger gets of anything, existing or not. */
  public static Refusal notFound() {
    return of(ErrorCode.NOT_FOUND, "no such conversation");
  }

  /** A budget is used up for so long. */
  public static Refusal tooMany(String what, long retryAfterMillis) {
    return new Refusal(ErrorCode.RATE_LIMITED, what, retryAfterMillis);
  }

  /** A queue is full or a store is slow. */
  public static Refusal unavailable(String why) {
    return of(ErrorCode.UNAVAILABLE, why);
  }
}
