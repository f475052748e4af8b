package parley.auth;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import parley.model.UserId;

/** Result of {@link AccessTokens#verify}. */
public sealed interface TokenVerdict {
  /**
   * The token is valid and this is its user.
   *
   * @param username the account's username; for a user of an external issuer the same as the id
   * @param expiresAt when the token expires; in the future when this is returned
   * @param external whether the token is from an external issuer
   * @param sid the login that the token belongs to; null for a token of an external issuer, and for
   *     one of a version that did not add it
   */
  record Principal(
      UserId userId, String username, Instant expiresAt, boolean external, @Nullable String sid)
      implements TokenVerdict {
    /** The user of a token that belongs to no login. */
    public Principal(UserId userId, String username, Instant expiresAt, boolean external) {
      this(userId, username, expiresAt, external, null);
    }
  }

  /**
   * The token is not valid: 401 {@code unauthenticated}.
   *
   * @param reason for the log and for the developer of a client; does not contain the token
   */
  record Rejected(String reason) implements TokenVerdict {}

  /**
   * The keys that are needed cannot be read or fetched at the moment: 503. The token may be valid.
   */
  record Unavailable(long retryAfterMillis) implements TokenVerdict {}
}
