package parley.auth;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;
import parley.model.UserId;
import parley.serial.Wire;

/**
 * Replies of an {@link AccountEntity}. It sends them only when everything they say is in the
 * journal.
 */
sealed interface AccountReply extends Wire {
  /** To {@link Account.Register}. */
  sealed interface ToRegister extends AccountReply {}

  /** To {@link Account.Login}. */
  sealed interface ToLogin extends AccountReply {}

  /** To {@link Account.Refresh}. */
  sealed interface ToRefresh extends AccountReply {}

  /** To {@link Account.Logout}. */
  sealed interface ToLogout extends AccountReply {}

  /** To {@link Account.EndFamily}. */
  sealed interface ToEndFamily extends AccountReply {}

  /** To {@link Account.Lookup}. */
  sealed interface ToLookup extends AccountReply {}

  /**
   * Signed in, with a new refresh token.
   *
   * @param sid the name of the family in access tokens; null from a version that does not send it
   * @param knownDevice known-device token for later logins; null after a refresh
   */
  record SignedIn(
      UserId userId,
      String displayName,
      Secret refreshToken,
      @Nullable String sid,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Secret knownDevice)
      implements ToRegister, ToLogin, ToRefresh {
    SignedIn withKnownDevice(Secret device) {
      return new SignedIn(userId, displayName, refreshToken, sid, device);
    }
  }

  /** The username is already registered. */
  record UsernameTaken() implements ToRegister {}

  /** No such account, or the wrong password. */
  record BadCredentials() implements ToLogin {}

  /** Too many attempts; the password was not checked. */
  record RateLimited(long retryAfterMillis) implements ToLogin {}

  /** A spent token was used; its family is revoked. */
  record Reused() implements ToRefresh {}

  /**
   * The token was spent a moment ago, because a reply was lost or another tab used it. Nothing is
   * revoked.
   */
  record Stale() implements ToRefresh {}

  /** The token is valid, and was not exchanged because its user is banned. */
  record Banned() implements ToRefresh {}

  /** The family was refreshed too often within a minute. */
  record TooFast(long retryAfterMillis) implements ToRefresh {}

  /** The family has ended, or never existed. */
  record FamilyGone() implements ToEndFamily {}

  /** The token was never issued, is logged out or has expired. */
  record Unknown() implements ToRefresh {}

  /** The token is not valid any more. */
  record LoggedOut() implements ToLogout {}

  /** The owner of the name. */
  record Found(UserId userId, String displayName) implements ToLookup {}

  /** The name is not registered. */
  record NotFound() implements ToLookup {}

  /** The account is overloaded; nothing was done. */
  record Overloaded() implements ToRegister, ToLogin, ToRefresh, ToLogout, ToEndFamily, ToLookup {}
}
