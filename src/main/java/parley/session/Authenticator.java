package parley.session;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import parley.model.UserId;

/** Tells whose an access token is. */
@FunctionalInterface
public interface Authenticator {
  /** Judges a token. Completes with a verdict; a failure counts as {@link Unavailable}. */
  CompletionStage<? extends Verdict> verify(String token);

  /** What is known of a token. */
  sealed interface Verdict {}

  /**
   * It is good.
   *
   * @param username what the token's issuer calls the user, or null
   * @param expiresAt epoch milliseconds
   * @param external the issuer is not ours: the user may not exist yet
   * @param sid the login it belongs to, or null where it belongs to none
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

  /** It is not good. */
  record Rejected() implements Verdict {}

  /** Nobody can tell now. */
  record Unavailable() implements Verdict {}
}
