package parley.auth;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import parley.model.UserId;

/** What {@link AccessTokens#verify} found. */
public sealed interface TokenVerdict {
  /**
   * A good token's user.
   *
   * @param username the account's; of an external issuer's user the same as its id
   * @param expiresAt the end of the token, in the future when given
   * @param external whether an external issuer answers for it
   * @param sid the login it belongs to; null for an external issuer's, and for one of a version
   *     that did not say
   */
  record Principal(
      UserId userId, String username, Instant expiresAt, boolean external, @Nullable String sid)
      implements TokenVerdict {
    /** A token that belongs to no login. */
    public Principal(UserId userId, String username, Instant expiresAt, boolean external) {
      this(userId, username, expiresAt, external, null);
    }
  }

  /**
   * Not good: 401 {@code unauthenticated}.
   *
   * @param reason for the log and for the developer of a client; without the token
   */
  record Rejected(String reason) implements TokenVerdict {}

  /** The external issuer's keys cannot be had just now: 503. The token may be good. */
  record Unavailable(long retryAfterMillis) implements TokenVerdict {}
}
