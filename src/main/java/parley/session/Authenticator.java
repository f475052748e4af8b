package parley.session;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import parley.model.UserId;

/** Verifies access tokens. */
@FunctionalInterface
public interface Authenticator {
  /** Verifies a token. Completes with a verdict; a failure counts as {@link Unavailable}. */
  CompletionStage<? extends Verdict> verify(String token);

  /** The result of a verification. */
  sealed interface Verdict {}

  /**
   * The token is valid.
   *
   * @param username the issuer's name for the user, or null
   * @param expiresAt epoch milliseconds
   * @param external whether an external identity provider issued the token: the user may not exist
   *     yet
   * @param sid the login that the token belongs to, or null if it belongs to none
   */
  record Accepted(
      UserId userId,
      @Nullable String username,
      long expiresAt,
      boolean external,
      @Nullable String sid)
      implements Verdict {
    /** A token that belongs to no login. */
    public Accepted(UserId userId, @Nullable String username, long expiresAt, boolean external) {
      this(userId, username, expiresAt, external, null);
    }
  }

  /** The token is not valid. */
  record Rejected() implements Verdict {}

  /** The token cannot be verified now. */
  record Unavailable() implements Verdict {}
}
