package parley.auth;

import org.jspecify.annotations.Nullable;
import parley.model.UserId;

/** What {@link Accounts} answers: one sealed set per call, each word of it a record here. */
public sealed interface AuthResult {
  /** Of {@link Accounts#register}. */
  sealed interface Register extends AuthResult {}

  /** Of {@link Accounts#login}. */
  sealed interface Login extends AuthResult {}

  /** Of {@link Accounts#refresh}. */
  sealed interface Refresh extends AuthResult {}

  /** Of {@link Accounts#logout}. */
  sealed interface Logout extends AuthResult {}

  /** Of {@link Accounts#lookup}. */
  sealed interface Lookup extends AuthResult {}

  /**
   * In: the account and its new tokens.
   *
   * @param displayName as given at registration; the profile may have another by now
   * @param accessToken a JWT
   * @param expiresInSeconds life of the access token
   * @param refreshToken good once, for 7 days
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
    /** After a refresh. */
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

  /** A field breaks its rule: 400, naming the field. */
  record Invalid(String field, String message) implements Register {}

  /** 409. */
  record UsernameTaken() implements Register {}

  /** No such account, or not its password: 401, and nobody learns which. */
  record BadCredentials() implements Login {}

  /** Too many attempts on this account, or refreshes of this login: 429. */
  record RateLimited(long retryAfterMillis) implements Login, Refresh {}

  /** A spent token came again; its family is revoked: 401 {@code refresh_reused}. */
  record RefreshReused() implements Refresh {}

  /**
   * Spent within the last minute, as when two tabs refresh at once: 401 {@code unauthenticated}.
   * Nothing is revoked, and a browser's cookie may be a newer one by now.
   */
  record StaleToken() implements Refresh {}

  /** Not a token of ours, or no longer: 401 {@code unauthenticated}. */
  record UnknownToken() implements Refresh {}

  /** The token is good for nothing now, whatever it was: 204. */
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

  /** Overloaded, or the store or the node is away: 503. Nothing may be concluded. */
  record Unavailable(long retryAfterMillis) implements Register, Login, Refresh, Logout, Lookup {}
}
