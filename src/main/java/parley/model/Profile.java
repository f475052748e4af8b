package parley.model;

import org.jspecify.annotations.Nullable;

/**
 * A user as other users see it.
 *
 * @param username the account's name; for a user of an external issuer, the user id
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
