package parley.user;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * The release of a push token that no device of the user has any longer. The user tells the token's
 * owner record until it confirms; see {@link PushTokens}.
 *
 * @param hash the hash of the token, see {@link PushTokens#hash}
 * @param claim the number of the claim that is released
 * @param confirmed whether the owner record has confirmed; the release is then dropped
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
record TokenRelease(String hash, long claim, @JsonProperty("told") boolean confirmed) {
  /**
   * The most releases that wait for a confirmation. Beyond that the oldest is dropped: its owner
   * record keeps this user as the owner, and the next user that claims the token takes it over in
   * the normal way.
   */
  static final int MAX_UNCONFIRMED = 200;

  TokenRelease confirm() {
    return new TokenRelease(hash, claim, true);
  }
}
