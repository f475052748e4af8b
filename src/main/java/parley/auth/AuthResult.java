package parley.auth;

import org.jspecify.annotations.Nullable;
import parley.model.UserId;

/**
 * Results of the calls of {@link Accounts}: one sealed interface per call, one record per outcome.
 */
public sealed interface AuthResult {
  /** Outcomes of {@link Accounts#register}. */
  sealed interface Register extends AuthResult {}

  /** Outcomes of {@link Accounts#login}. */
  sealed interface Login extends AuthResult {}

  /** Outcomes of {@link Accounts#refresh}. */
  sealed interface Refresh extends AuthResult {}

  /** Outcomes of {@link Accounts#logout}. */
  sealed interface Logout extends AuthResult {}

  /** Outcomes of {@link Accounts#lookup}. */
  sealed interface Lookup extends AuthResult {}

  /**
   * Signed in: the account and its new tokens.
   *
   * @param displayName as given at registration; the profile may have another one by now
   * @param accessToken a JWT
   * @param expiresInSeconds lifetime of the access token, in seconds
   * @param refreshToken can be used once, within 7 days
   * @param knownDevice shows at later logins that the password was given on that device before;
   *     null after a refresh
   */
  record SignedIn(
      UserId userId,
      String username,
      String displayName,
      Secret accessToken,
      long expiresInSeconds,
      Secret refreshToken,
      @Nullable Secret knownDevice)
      implements Register, Login, Refresh {
    /** The result of a refresh, which has no known-device token. */
    public SignedIn(
        UserId userId,
        String username,
        String displayName,
        Secret accessToken,
        long expiresInSeconds,
        Secret refreshToken) {
      this(userId, username, displayName, accessToken, expiresInSeconds, refreshToken, null);
    }
  }

  /** A field breaks its rule: 400 with the name of the field. */
  record Invalid(String field, String message) implements Register {}

  /** The username is already registered: 409. */
  record UsernameTaken() implements Register {}

  /** No such account, or the wrong password: 401. The answer does not say which. */
  record BadCredentials() implements Login {}

  /** Too many attempts at this account, or too many refreshes of this login: 429. */
  record RateLimited(long retryAfterMillis) implements Login, Refresh {}

  /** A spent token was used again and its family is revoked: 401 {@code refresh_reused}. */
  record RefreshReused() implements Refresh {}

  /**
   * The token was spent within the last minute, as when two tabs refresh at once: 401 {@code
   * unauthenticated}. Nothing is revoked, and a browser's cookie may already hold a newer token.
   */
  record StaleToken() implements Refresh {}

  /** The token is valid, and its user is banned: 403. The token stays valid. */
  record Banned() implements Refresh {}

  /** Not a token of this server, or not valid any more: 401 {@code unauthenticated}. */
  record UnknownToken() implements Refresh {}

  /** The token is not valid any more, whatever it was before: 204. */
  record LoggedOut() implements Logout {}

  /** The account and the display name it was registered with. */
  record Found(UserId userId, String username, String displayName) implements Lookup {
    @Override
    public String toString() {
      return "Found[" + userId + "]";
    }
  }

  /** No account has this name. */
  record NotFound() implements Lookup {}

  /**
   * The server is overloaded, or the store or the node is not reachable: 503. It is not known
   * whether anything was done.
   */
  record Unavailable(long retryAfterMillis) implements Register, Login, Refresh, Logout, Lookup {}
}
