package parley.model;

import org.jspecify.annotations.Nullable;

/**
 * How a user appears to others.
 *
 * @param username the account's name; an external issuer's user has its id here
 * @param displayName 1 to 64 characters
 * @param avatarUrl a picture, or null
 */
public record Profile(
    UserId userId, String username, String displayName, @Nullable String avatarUrl) {
  @Override
  public String toString() {
    return "Profile[" + userId + "]";
  }
}
