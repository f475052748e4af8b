package parley.user;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;
import parley.model.ErrorCode;
import parley.model.Refusal;

/**
 * A ban of the user. It ends by the clock: each look compares the time of now, so a clock that is
 * set moves the end, and nothing has to run when it comes.
 *
 * @param at when it began, epoch milliseconds
 * @param until when it ends, epoch milliseconds; 0 for never
 * @param reason for operators; users are not told it
 * @param lifted in an event: there is no ban any more
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
record Ban(long at, long until, String reason, boolean lifted) {
  static final String MESSAGE = "this user is banned";

  Ban {
    reason = reason == null ? "" : reason;
  }

  /** The end of a ban, as an event has it. */
  static Ban liftedAt(long now) {
    return new Ban(now, 0, "", true);
  }

  boolean isInForce(long now) {
    return !lifted && (until == 0 || now < until);
  }

  /** What the user is refused with, or null if the ban is not in force. */
  @Nullable Refusal refusal(long now) {
    return isInForce(now)
        ? new Refusal(ErrorCode.FORBIDDEN, MESSAGE, until == 0 ? 0 : until - now)
        : null;
  }

  /** Without the reason, which may name people. */
  @Override
  public String toString() {
    return "Ban[until=" + until + ", lifted=" + lifted + "]";
  }
}
