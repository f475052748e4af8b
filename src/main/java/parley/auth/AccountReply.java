package parley.auth;

import parley.model.UserId;
import parley.serial.Wire;

/** What an {@link Account} answers. Given only when all it says is in the journal. */
sealed interface AccountReply extends Wire {
  /** To {@link Account.Register}. */
  sealed interface ToRegister extends AccountReply {}

  /** To {@link Account.Login}. */
  sealed interface ToLogin extends AccountReply {}

  /** To {@link Account.Refresh}. */
  sealed interface ToRefresh extends AccountReply {}

  /** To {@link Account.Logout}. */
  sealed interface ToLogout extends AccountReply {}

  /** To {@link Account.Lookup}. */
  sealed interface ToLookup extends AccountReply {}

  /** In, with a new refresh token. */
  record SignedIn(UserId userId, String displayName, Secret refreshToken)
      implements ToRegister, ToLogin, ToRefresh {}

  /** Somebody has the name already. */
  record UsernameTaken() implements ToRegister {}

  /** No such account or not its password. */
  record BadCredentials() implements ToLogin {}

  /** Too many attempts; not even looked at. */
  record RateLimited(long retryAfterMillis) implements ToLogin {}

  /** A spent token: its family is revoked. */
  record Reused() implements ToRefresh {}

  /** Never issued, logged out or expired. */
  record Unknown() implements ToRefresh {}

  /** The token is good for nothing now. */
  record LoggedOut() implements ToLogout {}

  /** Who has the name. */
  record Found(UserId userId, String displayName) implements ToLookup {}

  /** Nobody has the name. */
  record NotFound() implements ToLookup {}

  /** Too much to do; nothing was done. */
  record Overloaded() implements ToRegister, ToLogin, ToRefresh, ToLogout, ToLookup {}
}
