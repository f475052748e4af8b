package parley.user;

import com.fasterxml.jackson.annotation.JsonInclude;

/**
 * A push token that none of the user's devices has any longer. Its owner record is told until it
 * knows; see {@link PushTokens}.
 *
 * @param hash as {@link PushTokens#hash}
 * @param claim the number of the claim that is released
 * @param told whether the owner record knows: then nothing is kept of it
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
record TokenRelease(String hash, long claim, boolean told) {
  /**
   * Most that wait to be told. Beyond that the oldest is forgotten: its record stays this user's,
   * and the next who claims the token takes it over all the same.
   */
  static final int MOST = 200;

  TokenRelease known() {
    return new TokenRelease(hash, claim, true);
  }
}
